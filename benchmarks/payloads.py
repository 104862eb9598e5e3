"""Bodies of chat requests, no two of a run equal, and the answer that the upstream gives."""

import json
from itertools import count

MODEL = "m"
_numbers = count()

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 3, "total_tokens": 503},
    }
)


def chat(size: int, *, stream: bool = False) -> bytes:
    """A chat body of about `size` bytes that begins like no other of this process."""
    head = f"{next(_numbers):012d} "
    body = {"model": MODEL, "messages": [{"role": "user", "content": head + "lorem ipsum " * (size // 12)}]}
    text = json.dumps({**body, "stream": stream, "max_tokens": 64})
    return text.replace("lorem ipsum ", "", max(len(text) - size, 0) // 12).encode()


def image(size: int) -> bytes:
    """A chat body with an image of `size` bytes of base64."""
    data = "data:image/png;base64," + f"{next(_numbers):012d}" + "QUJD" * (size // 4)
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": data}}]
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": parts}]}).encode()


def post(body: bytes, path: str = "/v1/chat/completions", host: str = "bench.local") -> bytes:
    """The whole request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
