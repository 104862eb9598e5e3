"""Runs a script: every step of a scene, one after the other, with the real kubectl."""

import shlex
import subprocess
from pathlib import Path

from tests.support.kubectl import Kubectl
from tests.support.kubectl_matrix.masking import masked
from tests.support.kubectl_matrix.step import NAMESPACE, Outcome, Scene, Step
from tests.support.system import until

SECONDS = 40.0


class Stage:
    """One API server, and the folder in which kubectl works."""

    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        self._kubectl = kubectl
        self._folder = folder

    def play(self, scene: Scene) -> dict[str, Outcome]:
        """The outcome of every step by its name. The scene's Namespace is new, and goes afterwards."""
        self._kubectl("create", "namespace", scene.namespace)
        performance = Performance(self._kubectl, self._folder / scene.name, scene)
        outcomes = {name: performance.step(step, name) for name, step in scene.numbered()}
        self._kubectl("delete", "namespace", scene.namespace, "--wait=false")
        return outcomes


class Performance:
    """One scene as it is played: its folder, and what its steps kept."""

    def __init__(self, kubectl: Kubectl, folder: Path, scene: Scene) -> None:
        self._kubectl = kubectl
        self._folder = folder
        self._words = {NAMESPACE: scene.namespace}
        folder.mkdir()
        for name, text in scene.files:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(self._filled(text))

    def step(self, step: Step, name: str) -> Outcome:
        """Runs one step to its end."""
        outputs = (self._folder / f"{name}.out", self._folder / f"{name}.err")
        process = self._start(step, outputs)
        try:
            self._meanwhile(step, process, outputs[0])
            if step.lines:
                until(lambda: _lines(outputs[0]) >= step.lines, SECONDS)
                process.terminate()
            code = process.wait(SECONDS)
        finally:
            process.kill()
            process.wait()
        if step.keep:
            self._words[step.keep] = outputs[0].read_text()
        return Outcome(0 if step.lines else code, *(masked(path.read_text()) for path in outputs))

    def _meanwhile(self, step: Step, process: "subprocess.Popen[str]", out: Path) -> None:
        if step.once:
            until(lambda: self._ask(step.once).stdout, SECONDS)
        elif step.lines:
            until(lambda: _lines(out), SECONDS)
        for command in step.meanwhile:
            assert process.poll() is None, f"`{step.command}` ended before `{command}`: {out.read_text()}"
            done = self._ask(command)
            assert done.returncode == 0, f"`{command}` failed: {done.stderr}"

    def _start(self, step: Step, outputs: tuple[Path, Path]) -> "subprocess.Popen[str]":
        given = outputs[0].with_suffix(".in")
        given.write_text(self._filled(step.stdin))
        environment = self._kubectl.environment | {"KUBE_EDITOR": f"sed -i -e {shlex.quote(step.edit)}"}
        with given.open() as stdin, outputs[0].open("w") as out, outputs[1].open("w") as err:
            return subprocess.Popen(
                self._argv(step.command),
                stdin=stdin,
                stdout=out,
                stderr=err,
                text=True,
                cwd=self._folder,
                env=environment,
            )

    def _ask(self, command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._argv(command),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            cwd=self._folder,
            env=self._kubectl.environment,
        )

    def _argv(self, command: str) -> list[str]:
        return [self._kubectl.path, "--namespace", self._words[NAMESPACE], *shlex.split(self._filled(command))]

    def _filled(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(word, value)
        return text


def _lines(path: Path) -> int:
    return path.read_text().count("\n")
