"""What every proxy is to the benchmark."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.payloads import chat, post
from benchmarks.processes import PROXY_CORE, MissingError, Tree, await_answer, free_ports


class Proxy:
    """One proxy in front of `upstreams` (ports on 127.0.0.1), its files in `folder`, peers installed below `cache`."""

    name = ""
    heavy = False
    """It is so slow that only the cases that ask for such measure it."""

    def __init__(self, upstreams: Sequence[int], folder: Path, cache: Path) -> None:
        self.upstreams = tuple(upstreams)
        self.folder = folder
        self.cache = cache
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_ports(1)[0]
        self.tree: Tree | None = None

    def version(self) -> str:
        """As the proxy says it. Raises MissingError where it cannot be installed."""
        raise MissingError(self.name)

    def command(self) -> tuple[list[str], dict[str, str]]:
        """The command that serves on `self.port`, and its environment."""
        raise MissingError(self.name)

    def start(self) -> Tree:
        """Started on the proxies' core, and answering."""
        command, env = self.command()
        self.tree = Tree(command, self.folder / f"{self.name.replace(' ', '-')}.log", PROXY_CORE, env)
        try:
            await_answer(self.port, post(chat(300)), self.tree)
        except MissingError:
            self.tree.end()
            raise
        return self.tree


def installed(cache: Path, package: str) -> Path:
    """The `bin` folder of an environment of its own that holds the PyPI package. Raises MissingError if pip fails."""
    place = cache / package.partition("[")[0]
    if not (place / ".installed").exists():
        print(f"installing {package} from PyPI", file=sys.stderr)
        steps = ([sys.executable, "-m", "venv", str(place)], [str(place / "bin/pip"), "install", "-q", package])
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                raise MissingError(f"{package} from PyPI: {done.stderr.strip()[-300:]}")
        (place / ".installed").touch()
    return place / "bin"


def said(command: Sequence[str]) -> str:
    """The first line that a command says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().split("\n")[0]


def pip_version(binaries: Path, package: str) -> str:
    """The version of a package in an environment."""
    command = [str(binaries / "pip"), "list", "--format=freeze"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    name = package.partition("[")[0]
    for line in listed.split("\n"):
        if line.startswith(f"{name}=="):
            return line.split("==")[1]
    raise MissingError(f"{name} in {binaries}")
