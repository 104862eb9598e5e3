"""The answers of a kube-apiserver, kept as text: one file for each scene.

`python -m tests.support.kubectl_matrix.recording KUBECONFIG` records them anew, after it has applied the definitions.
"""

import re
import sys
import tempfile
from pathlib import Path

import yaml

from tests.support.kubectl import Kubectl, kubectl_for
from tests.support.kubectl_matrix.acting import Stage
from tests.support.kubectl_matrix.crds import LABELS, definitions
from tests.support.kubectl_matrix.script import KEPT, SCENES
from tests.support.kubectl_matrix.step import Outcome, Scene

FOLDER = Path(__file__).parents[2] / "e2e" / "kubectl_matrix"
BLOCK = re.compile(
    r"^=== (\S+) \$ [^\n]*\nexit (\d+)\n(.*?)(?:^--- stderr\n(.*?))?(?=^=== |\Z)", re.MULTILINE | re.DOTALL
)


def written(scene: Scene, outcomes: dict[str, Outcome]) -> str:
    """As text, the outcomes of those steps of a scene that must come to the same everywhere."""
    return "".join(_block(name, step.command, outcomes[name]) for name, step in scene.numbered() if not step.differs)


def _block(name: str, command: str, outcome: Outcome) -> str:
    # A last line without an end is told from one with.
    texts = [
        text if text.endswith("\n") or not text else f"{text}<no newline>\n" for text in (outcome.out, outcome.err)
    ]
    err = f"--- stderr\n{texts[1]}" if outcome.err else ""
    return f"=== {name} $ {command}\nexit {outcome.code}\n{texts[0]}{err}"


def recorded(scene: Scene) -> dict[str, Outcome]:
    """What `written` kept of a scene, by the names of its steps."""
    text = (FOLDER / f"{scene.name}.txt").read_text()
    return {
        found[1]: Outcome(int(found[2]), *((part or "").replace("<no newline>\n", "") for part in found.group(3, 4)))
        for found in BLOCK.finditer(text)
    }


def served_by(kubectl: Kubectl) -> str:
    """The versions that answer: kubectl's and the server's."""
    said = kubectl("version").stdout
    return " ".join(re.findall(r"(?:Client|Server) Version: (v\d+\.\d+)", said))


def define(kubectl: Kubectl) -> None:
    """Makes a kube-apiserver serve Turnout's kinds; returns once it does and nothing of an earlier script is left.

    A cluster that has such kinds already is left alone: that raises an AssertionError.
    """
    selects = ",".join(f"{key}!={value}" for key, value in LABELS.items())
    others = set(kubectl("get", "customresourcedefinitions", "-o", "name", "-l", selects).stdout.split())
    mine = {f"customresourcedefinition.apiextensions.k8s.io/{each['metadata']['name']}" for each in definitions()}
    assert not mine & others, f"the cluster has its own {sorted(mine & others)}"
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(definitions()))
    names = [f"customresourcedefinition/{each['metadata']['name']}" for each in definitions()]
    kubectl("delete", "namespace", "--ignore-not-found", *(scene.namespace for scene in SCENES))
    kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)


def main() -> None:
    """Records every scene."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        kubectl = kubectl_for(Path(sys.argv[1]), folder)
        define(kubectl)
        FOLDER.mkdir(exist_ok=True)
        for scene in KEPT:
            (FOLDER / f"{scene.name}.txt").write_text(written(scene, Stage(kubectl, folder).play(scene)))
        (FOLDER / "VERSIONS").write_text(served_by(kubectl) + "\n")


if __name__ == "__main__":
    main()
