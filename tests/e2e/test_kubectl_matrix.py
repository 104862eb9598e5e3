"""Every verb of the real kubectl on `turnout up`, step by step, beside what a kube-apiserver answers.

The answers of a kube-apiserver are kept in `kubectl_matrix/`. With `TURNOUT_TEST_APISERVER_KUBECONFIG` the script is
played on the one that it names too, which is given Turnout's kinds as definitions, and Namespaces named `kx-...`.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.kubectl import Kubectl, kubectl_for
from tests.support.kubectl_matrix.acting import Stage
from tests.support.kubectl_matrix.recording import FOLDER, define, recorded, served_by
from tests.support.kubectl_matrix.script import KEPT, SCENES
from tests.support.kubectl_matrix.step import Outcome, Scene, Step, faults
from tests.support.kubectl_matrix.tabling import table
from tests.support.system import system

pytestmark = pytest.mark.e2e

CLUSTER = "TURNOUT_TEST_APISERVER_KUBECONFIG"
STEPS = [(scene, name, step) for scene in SCENES for name, step in scene.numbered()]
IDS = [f"{name} {step.command[:60]}" for _, name, step in STEPS]
AT_ONCE = 2

Play = Callable[[Scene], dict[str, Outcome]]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    folder = tmp_path_factory.mktemp("ours")
    with system(folder, "--workers", "1") as up:
        yield kubectl_for(Path(up.kubeconfig), folder)


@pytest.fixture(scope="module")
def here(ours: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """What a scene comes to on `turnout up`."""
    with played(ours, tmp_path_factory.mktemp("here")) as play:
        yield play


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """What a scene comes to on the kube-apiserver."""
    folder = tmp_path_factory.mktemp("there")
    kubectl = kubectl_for(Path(os.environ[CLUSTER]), folder)
    define(kubectl)
    with played(kubectl, folder) as play:
        yield play


@contextmanager
def played(kubectl: Kubectl, folder: Path) -> Iterator[Play]:
    """Plays all scenes, a few at once; a scene that cannot be played fails where it is asked for."""
    stage = Stage(kubectl, folder)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        scenes = {scene.name: pool.submit(stage.play, scene) for scene in SCENES}
        yield lambda scene: scenes[scene.name].result()


def unlike(scene: Scene, these: dict[str, Outcome], those: dict[str, Outcome]) -> str:
    """How the outcomes of the steps that must be equal differ."""
    pairs = [(name, these[name], those.get(name)) for name, step in scene.numbered() if not step.differs]
    return "\n".join(f"{name}:\n{this}\n{that}" for name, this, that in pairs if this != that)


@pytest.mark.parametrize(("scene", "name", "step"), STEPS, ids=IDS)
def test_a_step_comes_to_what_it_must(here: Play, scene: Scene, name: str, step: Step) -> None:
    found = faults(step, here(scene)[name])

    assert not found, "\n".join((f"kubectl {step.command}", *found))


@pytest.mark.parametrize("scene", KEPT, ids=lambda scene: scene.name)
def test_a_scene_is_answered_as_a_kube_apiserver_answered_it(ours: Kubectl, here: Play, scene: Scene) -> None:
    used, kept = served_by(ours).split()[0], (FOLDER / "VERSIONS").read_text().split()[0]
    if used != kept:
        pytest.skip(f"the answers that are kept are those of kubectl {kept}, and this is {used}")

    assert unlike(scene, here(scene), recorded(scene)) == ""


@pytest.mark.parametrize("scene", KEPT, ids=lambda scene: scene.name)
def test_a_kube_apiserver_came_to_what_the_steps_must(scene: Scene) -> None:
    kept = recorded(scene)

    assert [(name, faults(step, kept[name])) for name, step in scene.numbered() if not step.differs] == [
        (name, []) for name in kept
    ]


@pytest.mark.skipif(CLUSTER not in os.environ, reason=f"no kube-apiserver: {CLUSTER} names no kubeconfig")
def test_a_kube_apiserver_answers_the_same(here: Play, there: Play) -> None:
    assert "\n".join(filter(None, (unlike(scene, here(scene), there(scene)) for scene in SCENES))) == ""


def test_the_table_in_the_docs_is_that_of_the_script() -> None:
    text = (Path(__file__).parents[2] / "docs" / "kubectl.md").read_text()

    assert table(SCENES) in text
