"""OpenAI requests and answers as we read them."""

from turnout.inference.request import RequestFields, read_request

__all__ = ["RequestFields", "read_request"]
