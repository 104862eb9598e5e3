"""How the parts of one system, and its user's commands, get at its API."""

import socket
from pathlib import Path

from msgspec import Struct

from turnout.apiserver.credentials import CredentialsFolder, is_loopback, names_for, utc_now
from turnout.kube.kubeconfig import write_kubeconfig
from turnout.kube.target import Target

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - to tell them from addresses
FOLDER = "api-credentials"


class ApiAccess(Struct, frozen=True):
    """`target` is for clients; `arguments` are those of the API's process."""

    target: Target
    arguments: tuple[str, ...] = ()

    def write(self, kubeconfig: Path) -> None:
        """Writes a kubeconfig for the API, readable by this user alone."""
        target = self.target
        write_kubeconfig(kubeconfig, target.server, token=target.token, authority=target.authority)


def api_access(listening: socket.socket, host: str, folder: Path, *, auth: bool) -> ApiAccess:
    """Access to an API on `listening`, bound as `host`: plain on loopback, else, or with `auth`, by TLS and token.

    The credentials are kept in `folder`. Raises OSError.
    """
    bound, port = listening.getsockname()[:2]
    if not auth and is_loopback(listening):
        return ApiAccess(Target(_url("http", host, port)))
    credentials = CredentialsFolder(folder / FOLDER).keep(names_for(host, bound), utc_now())
    # Nobody can be told to connect to "any address"; this machine's own clients are nearest.
    named = host if bound not in WILDCARDS else ("127.0.0.1" if listening.family == socket.AF_INET else "::1")
    target = Target(_url("https", named, port), authority=credentials.authority, token=credentials.token)
    return ApiAccess(target, ("--credentials", str(folder / FOLDER), "--name", host))


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
