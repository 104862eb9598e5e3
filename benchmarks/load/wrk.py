"""Closed loop, as much as goes: wrk on the other core, a new body for every request."""

import re
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from benchmarks.payloads import chat
from benchmarks.processes import OTHER_CORE, MissingError

SCRIPT = """
local head = {head}
local tail = {tail}
local count = 0
local format, headers = string.format, {{["Content-Type"] = "application/json", ["Host"] = "bench.local"}}
request = function()
  count = count + 1
  return wrk.format("POST", "/v1/chat/completions", headers, head .. format("%d-%010d ", {seed}, count) .. tail)
end
"""


class Loaded(Struct):
    """What one run came to. `errors` are answers that are no 2xx, and connections that broke."""

    requests: int
    seconds: float
    errors: int


def run(
    folder: Path,
    port: int,
    size: int,
    seconds: float,
    *,
    connections: int = 32,
    seed: int = 0,
) -> Loaded:
    """Sends bodies of `size` bytes for `seconds`. Raises MissingError where there is no wrk."""
    wrk, taskset = shutil.which("wrk"), shutil.which("taskset")
    if wrk is None or taskset is None:
        raise MissingError("wrk (Debian package wrk)")
    head, _, tail = re.split(r"(\d{12} )", chat(size).decode(), maxsplit=1)
    script = folder / "load.lua"
    script.write_text(SCRIPT.format(head=_lua(head), tail=_lua(tail), seed=seed))
    command = [
        taskset,
        "-c",
        str(OTHER_CORE),
        wrk,
        "-t1",
        f"-c{connections}",
        f"-d{max(round(seconds), 1)}s",
        "-s",
        str(script),
    ]
    out = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    counted = re.search(r"(\d+) requests in ([\d.]+)s", out)
    assert counted is not None, out
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    errors = (int(failed.group(1)) if failed else 0) + (sum(map(int, broken.groups())) if broken else 0)
    return Loaded(int(counted[1]), float(counted[2]), errors)


def _lua(text: str) -> str:
    return "[==[" + text + "]==]"
