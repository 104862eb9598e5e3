"""A model server as we know it: where it is, whether it is ready, and the numbers that its metrics page gives."""

from turnout.endpoints.endpoint import Endpoint

__all__ = ["Endpoint"]
