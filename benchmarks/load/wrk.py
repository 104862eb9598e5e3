"""Closed loop, as much as goes: wrk on the other core, a new body for every request."""

import re
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from benchmarks.payloads import chat, post
from benchmarks.processes import OTHER_CORE, FailedError, MissingError

SCRIPT = """
local head = {head}
local tail = {tail}
local count = 0
local format = string.format
request = function()
  count = count + 1
  return head .. format("{seed:02d}%010d ", count) .. tail
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
    """Sends bodies of `size` bytes for `seconds`.

    Raises MissingError where there is no wrk, FailedError where it says nothing that counts.
    """
    wrk, taskset = shutil.which("wrk"), shutil.which("taskset")
    if wrk is None or taskset is None:
        raise MissingError("wrk (Debian package wrk)")
    # The whole request is one concatenation: what the load costs, upstream and load together cannot serve.
    head, _, tail = re.split(r"(\d{12} )", post(chat(size)).decode(), maxsplit=1)
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
    try:
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=False, timeout=seconds + 60
        )
    except subprocess.TimeoutExpired:
        raise FailedError("wrk did not end") from None
    out = done.stdout
    counted = re.search(r"(\d+) requests in ([\d.]+)s", out)
    if done.returncode or counted is None:
        raise FailedError(f"wrk: {(out + done.stderr).strip()[-300:]}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    errors = (int(failed.group(1)) if failed else 0) + (sum(map(int, broken.groups())) if broken else 0)
    return Loaded(int(counted[1]), float(counted[2]), errors)


def _lua(text: str) -> str:
    """A literal of Lua, for ASCII."""
    return '"' + re.sub(r'[\r\n"\\]', lambda found: f"\\{ord(found[0]):03d}", text) + '"'
