"""How clients get at the API of one system; that it works is in tests/apiserver/test_tls.py."""

import os
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.kubectl import kubectl_for
from tests.support.system import system
from turnout.apiserver.certificates import names_of
from turnout.apiserver.credentials import CredentialsFolder, names_for, utc_now
from turnout.kube.kubeconfig import load
from turnout.runners.api_access import FOLDER, api_access

UNVERIFIED = ssl._create_unverified_context()


def test_loopback_is_plain(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        access = api_access(listening, "127.0.0.1", tmp_path, auth=False)

    assert access.target.server.startswith("http://127.0.0.1:")
    assert (access.target.token, access.arguments) == ("", ())
    assert not (tmp_path / FOLDER).exists()


def test_loopback_is_guarded_where_it_is_asked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        access = api_access(listening, "127.0.0.1", tmp_path, auth=True)

    assert access.target.server.startswith("https://127.0.0.1:")
    assert access.target.token
    assert access.arguments == ("--credentials", str(tmp_path / FOLDER), "--name", "127.0.0.1")


class Bound(socket.socket):
    """A socket that says it is bound where no test binds one."""

    def getsockname(self) -> tuple[str, int]:
        return self.address, 8001

    address = "0.0.0.0"


@pytest.mark.parametrize(
    ("address", "host", "server"),
    [("0.0.0.0", "0.0.0.0", "127.0.0.1"), ("192.0.2.7", "gateway.example", "gateway.example")],
)
def test_every_other_address_is_guarded(tmp_path: Path, address: str, host: str, server: str) -> None:
    with Bound() as listening:
        listening.address = address
        access = api_access(listening, host, tmp_path, auth=False)

    assert access.target.server == f"https://{server}:8001"
    assert access.target.token
    kept = CredentialsFolder(tmp_path / FOLDER).keep(names_for(host, address), utc_now())
    assert kept.authority == access.target.authority
    assert {address, host, "127.0.0.1", "localhost"} <= names_of(kept.certificate)


def test_a_kubeconfig_holds_what_the_target_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        access = api_access(listening, "127.0.0.1", tmp_path, auth=True)
    access.write(tmp_path / "kubeconfig")

    assert load(tmp_path / "kubeconfig") == access.target
    assert stat.S_IMODE((tmp_path / "kubeconfig").stat().st_mode) == 0o600


def test_up_with_a_guarded_api_works_for_every_part_and_every_command(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with system(tmp_path, "--workers", "1", "--api-auth", state=state) as running:
        assert running.api.startswith("https://127.0.0.1:")
        kubectl = kubectl_for(Path(running.kubeconfig), tmp_path)
        # The controller accepts it: it is let in too.
        kubectl("wait", "gatewayclass/turnout", "--for=condition=Accepted", "--timeout=30s")
        assert "# TYPE turnout_requests_total counter" in kubectl("get", "--raw", "/metrics").stdout
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{running.api}/metrics", timeout=10, context=UNVERIFIED)
        refused.value.close()
        assert refused.value.code == 401
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "home")}
        environment.pop("KUBECONFIG", None)
        for arguments in ((), ("--api", running.api)):
            command = [sys.executable, "-m", "turnout", "get", "namespaces", *arguments]
            got = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert (got.returncode, "default" in got.stdout) == (0, True), got.stderr
    private = [tmp_path / "state", *(tmp_path / "state").rglob("*")]
    assert {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in private} == {0}
