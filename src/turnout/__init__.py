"""Turnout: an inference gateway that ships new models without dropping a token."""
