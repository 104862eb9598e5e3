"""`turnout` as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path


def turnout(
    *arguments: str, text: str = "", environment: dict[str, str] | None = None, folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Runs a verb to its end, with nothing of this user's own settings."""
    kept = {key: value for key, value in os.environ.items() if key not in {"KUBECONFIG", "KUBERNETES_SERVICE_HOST"}}
    return subprocess.run(
        [sys.executable, "-m", "turnout", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={**kept, "XDG_STATE_HOME": "/nonexistent", **(environment or {})},
    )
