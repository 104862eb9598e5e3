"""The real kubectl, with a home and a kubeconfig of its own.

It is `TURNOUT_TEST_KUBECTL`, else the one on PATH, else `tests/tools/bin/kubectl`; without any the test is skipped.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools" / "bin" / "kubectl"


class Kubectl:
    """Calls kubectl: `kubectl("get", "ns").stdout`. A code other than 0 raises `subprocess.CalledProcessError`."""

    def __init__(self, path: str, kubeconfig: Path, folder: Path) -> None:
        self.path = path
        # Its own home: kubectl caches discovery by host and port, and ports are used again.
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "HOME": str(folder),
            "KUBECACHEDIR": str(folder / "cache"),
            "KUBECONFIG": str(kubeconfig),
        }

    def __call__(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.path, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env=self.environment,
        )

    def refused(self, *arguments: str, stdin: str = "") -> str:
        """What kubectl says on stderr when it fails, as it must."""
        with pytest.raises(subprocess.CalledProcessError) as failure:
            self(*arguments, stdin=stdin)
        return str(failure.value.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A kubectl that goes on, as `get -w` does; the caller ends it."""
        return subprocess.Popen(
            [self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )


def kubectl_for(kubeconfig: Path, folder: Path) -> Kubectl:
    """kubectl with that kubeconfig and its home in `folder`; skips the test when there is no kubectl."""
    path = os.environ.get("TURNOUT_TEST_KUBECTL") or shutil.which("kubectl") or (str(TOOLS) if TOOLS.exists() else None)
    if path is None:
        pytest.skip(f"no kubectl: neither TURNOUT_TEST_KUBECTL, nor on PATH, nor {TOOLS}")
    home = folder / "kubectl-home"
    home.mkdir(exist_ok=True)
    return Kubectl(path, kubeconfig, home)


def kubeconfig_for(server: str, folder: Path) -> Path:
    """A kubeconfig for one plain server, with the context's namespace `default`."""
    path = folder / "kubeconfig"
    path.write_text(
        f"""apiVersion: v1
kind: Config
clusters: [{{name: api, cluster: {{server: "{server}"}}}}]
users: [{{name: me, user: {{}}}}]
contexts: [{{name: api, context: {{cluster: api, user: me, namespace: default}}}}]
current-context: api
"""
    )
    return path
