"""A real API process over TLS with a token, and a kubeconfig for it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple

from tests.support.api import run_api, wait_for_line
from turnout.kube.target import Target
from turnout.runners.api_access import api_access


class Secured(NamedTuple):
    """Where it is, who is let in, and its process."""

    target: Target
    kubeconfig: Path
    process: "Popen[str]"


@contextmanager
def secured(folder: Path, state: str = "memory") -> Iterator[Secured]:
    """The API on a free loopback port, its credentials kept in `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        access = api_access(listening, "127.0.0.1", folder, auth=True)
        access.write(folder / "kubeconfig")
        number = listening.fileno()
        process = run_api("--fd", str(number), "--state", state, *access.arguments, pass_fds=(number,))
        try:
            wait_for_line(process, "serving")
            yield Secured(access.target, folder / "kubeconfig", process)
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()
