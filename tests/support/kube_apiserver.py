"""A kube-apiserver with its etcd on loopback, from binaries that are already on the machine.

`TURNOUT_TEST_KUBE_BINARIES` names the folder that holds `etcd`, `kube-apiserver` and `kube-controller-manager` (which
empties Namespaces and collects garbage). As a program it prints a kubeconfig and runs until it is interrupted:

    TURNOUT_TEST_KUBE_BINARIES=FOLDER python -m tests.support.kube_apiserver
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from ssl import create_default_context

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

BINARIES = "TURNOUT_TEST_KUBE_BINARIES"
TOKEN = "administrator"
HOST = "127.0.0.1"
SECONDS = 120.0


@contextmanager
def kube_apiserver(folder: Path, binaries: Path) -> Iterator[Path]:
    """A kubeconfig of a new cluster with no node, whose data and logs are in `folder`; it ends with the context."""
    store, secure = f"http://{HOST}:{_free_port()}", _free_port()
    kubeconfig = _kubeconfig(folder, secure)
    with ExitStack() as stack:
        stack.enter_context(_running(folder, [str(binaries / "etcd"), *_etcd_flags(folder, store)]))
        stack.enter_context(_running(folder, [str(binaries / "kube-apiserver"), *_api_flags(folder, store, secure)]))
        _until_ready(folder, secure)
        stack.enter_context(
            _running(folder, [str(binaries / "kube-controller-manager"), *_controller_flags(kubeconfig)])
        )
        yield kubeconfig


def _etcd_flags(folder: Path, store: str) -> list[str]:
    peers = f"http://{HOST}:{_free_port()}"
    return [
        f"--data-dir={folder / 'etcd-data'}",
        f"--listen-client-urls={store}",
        f"--advertise-client-urls={store}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
    ]


def _api_flags(folder: Path, store: str, port: int) -> list[str]:
    key = folder / "service-accounts.key"
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{TOKEN},administrator,1,system:masters\n")
    return [
        f"--etcd-servers={store}",
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--disable-admission-plugins=ServiceAccount",
        "--service-cluster-ip-range=10.0.0.0/24",
        f"--service-account-issuer=https://{HOST}:{port}",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--endpoint-reconciler-type=none",
    ]


def _controller_flags(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--controllers=namespace-controller,garbage-collector-controller",
        "--leader-elect=false",
        f"--bind-address={HOST}",
        f"--secure-port={_free_port()}",
        f"--cert-dir={kubeconfig.parent / 'controller-certificates'}",
    ]


def _kubeconfig(folder: Path, port: int) -> Path:
    path = folder / "kubeconfig"
    path.touch(0o600)
    path.write_text(
        f"""apiVersion: v1
kind: Config
clusters:
- name: api
  cluster: {{server: "https://{HOST}:{port}", certificate-authority: certificates/apiserver.crt}}
users: [{{name: me, user: {{token: {TOKEN}}}}}]
contexts: [{{name: api, context: {{cluster: api, user: me, namespace: default}}}}]
current-context: api
"""
    )
    return path


@contextmanager
def _running(folder: Path, command: list[str]) -> Iterator[None]:
    with (folder / f"{Path(command[0]).name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_ready(folder: Path, port: int) -> None:
    end = time.monotonic() + SECONDS
    while not _ready(folder, port):
        log = folder / "kube-apiserver.log"
        assert time.monotonic() < end, f"kube-apiserver is not ready:\n{log.read_text()[-3000:]}"
        time.sleep(0.2)


def _ready(folder: Path, port: int) -> bool:
    certificate = folder / "certificates" / "apiserver.crt"
    if not certificate.exists():
        return False
    context = create_default_context(cafile=str(certificate))
    request = urllib.request.Request(f"https://{HOST}:{port}/readyz", headers={"authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, context=context, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Runs one in a temporary folder until SIGINT."""
    binaries = os.environ.get(BINARIES)
    if not binaries:
        sys.exit(f"{BINARIES} names no folder")
    with tempfile.TemporaryDirectory() as folder, kube_apiserver(Path(folder), Path(binaries)) as kubeconfig:
        print(kubeconfig, flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
