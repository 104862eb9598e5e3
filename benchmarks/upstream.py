"""What the proxies stand in front of: nginx on many ports as model servers, and a paced stream server."""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, cast

import uvloop

from benchmarks.payloads import ANSWER, MODEL, chat, post
from benchmarks.processes import OTHER_CORE, MissingError, Tree, await_answer

CHUNKS = 64
INTERVAL = 0.02
"""Seconds between two chunks of a stream."""

METRICS = """# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{model_name="m"} 0
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{model_name="m"} 1
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{model_name="m"} 0.1
"""
MODELS = f'{{"object":"list","data":[{{"id":"{MODEL}","object":"model","owned_by":"bench","max_model_len":131072}}]}}'


def _nginx() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise MissingError("nginx (Debian package nginx)")
    return found


def model_servers(folder: Path, ports: Sequence[int]) -> Tree:
    """nginx, one worker, answering at once on every port as a model server would."""
    listens = "\n".join(f"    listen 127.0.0.1:{port} backlog=4096;" for port in ports)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "upstream.conf"
    # An empty `if` reads the body's length only; `return` answers once the head is there and discards the body.
    config.write_text(f"""
daemon off; pid {folder}/upstream.pid; error_log {folder}/upstream.err; worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_max_body_size 100m;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder}; default_type application/json;
  server {{
{listens}
    location = /metrics {{ default_type text/plain; return 200 '{METRICS}'; }}
    location = /v1/models {{ return 200 '{MODELS}'; }}
    location = /health {{ return 200 ''; }}
    location = /version {{ return 200 '{{"version":"0.32.0"}}'; }}
    location / {{ return 200 '{ANSWER}'; }}
  }}
}}
""")
    tree = Tree([_nginx(), "-c", str(config)], folder / "upstream.log", OTHER_CORE)
    return answering(tree, ports[0], post(chat(200)))


def stream_servers(folder: Path, ports: Sequence[int], phases: int = 1) -> Tree:
    """CHUNKS chunks, one each INTERVAL, to every POST on every port. Of all streams one in `phases` is due at once."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.upstream", str(phases), *map(str, ports)]
    tree = Tree(command, folder / "streams.log", OTHER_CORE)
    return answering(tree, ports[0], b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")


def answering(tree: Tree, port: int, request: bytes) -> Tree:
    """The tree, once it answers; ended if it does not. Raises MissingError then."""
    try:
        await_answer(port, request, tree)
    except MissingError:
        tree.end()
        raise
    return tree


def _event(content: str, finish: str) -> bytes:
    choice = f'"index":0,"delta":{{"content":"{content}"}},"finish_reason":{finish}'
    data = (
        f'{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"{MODEL}","choices":[{{{choice}}}]}}'
    )
    return f"data: {data}\n\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKEN = _chunk(_event(" word", "null"))
LAST = _chunk(_event("", '"stop"')) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class _Server(asyncio.Protocol):
    """One connection: reads a request by its Content-Length, then streams from the shared clock."""

    wheel: ClassVar[list[dict["_Server", int]]] = [{}]
    """The open streams by phase, with the chunks that they still get. The last served phase is the last."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._streams: dict[_Server, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._streams.pop(self, None)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(buffer[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(buffer) < end + 4 + length:
            return
        del buffer[: end + 4 + length]
        if head.startswith(b"get"):
            body = METRICS if b"/metrics" in head[:20] else MODELS
            self.transport.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            return
        self.transport.write(HEAD)
        self._streams = self.wheel[-1]
        self._streams[self] = CHUNKS

    @classmethod
    def tick(cls) -> None:
        streams = cls.wheel.pop(0)
        cls.wheel.append(streams)
        for server, left in list(streams.items()):
            if left > 1:
                streams[server] = left - 1
                server.transport.write(TOKEN)
            else:
                del streams[server]
                server.transport.write(LAST)


async def _serve(phases: int, ports: Sequence[int]) -> None:
    loop = asyncio.get_running_loop()
    for port in ports:
        await loop.create_server(_Server, "127.0.0.1", port, backlog=4096)
    _Server.wheel[:] = [{} for _ in range(phases)]
    due = loop.time()
    while True:
        due += INTERVAL / phases
        await asyncio.sleep(max(due - loop.time(), 0))
        _Server.tick()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
