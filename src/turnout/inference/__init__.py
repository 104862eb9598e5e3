"""OpenAI requests and answers as we read them."""

from turnout.inference.dialect import Dialect, dialect_of
from turnout.inference.multipart import ModelPart, boundary_of
from turnout.inference.prompt import EDGES, prompt_blocks
from turnout.inference.reading import NATURAL, Reading
from turnout.inference.request import RequestFields, read_request
from turnout.inference.stream import StreamReader
from turnout.inference.whole import is_json_text, read_answer

__all__ = [
    "EDGES",
    "NATURAL",
    "Dialect",
    "ModelPart",
    "Reading",
    "RequestFields",
    "StreamReader",
    "boundary_of",
    "dialect_of",
    "is_json_text",
    "prompt_blocks",
    "read_answer",
    "read_request",
]
