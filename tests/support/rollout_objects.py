"""InferenceRollouts as the API holds them, with statuses as the controller writes them."""

import json
import threading
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Self

import msgspec
from click.testing import CliRunner, Result

from tests.support.api import ApiClient
from turnout.cli.main import main
from turnout.judge import SplitCount, Trials
from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.events import Readiness
from turnout.rollout.plan import planned
from turnout.rollout.state import MetricState, Split, State, Weights
from turnout.runners.controller.rolloutdocument import Kept, status_document

PATH = "/apis/turnout.dev/v1alpha1/namespaces/default/inferencerollouts"
ACTION = "turnout.dev/action"


def rollout(name: str = "llama-v2", **spec: Any) -> dict[str, Any]:
    """A rollout from llama-a100 to llama-h100, as a user writes it."""
    whole = {
        "targetRef": {"name": "llama"},
        "stable": {"name": "llama-a100"},
        "candidate": {"name": "llama-h100"},
    }
    return {
        "apiVersion": "turnout.dev/v1alpha1",
        "kind": "InferenceRollout",
        "metadata": {"name": name},
        "spec": {**whole, **spec},
    }


def metric(name: str, misses: tuple[int, int], **more: Any) -> dict[str, Any]:
    """A metric of 2810 and 312 requests; `misses` of stable and of the candidate."""
    return {
        "name": name,
        "builtin": "ErrorRate",
        "phase": "Running",
        "stable": {"n": 2810, "miss": misses[0], "low": 0.01, "high": 0.02},
        "candidate": {"n": 312, "miss": misses[1], "low": 0.01, "high": 0.02},
        "countedStable": misses[0],
        "countedCandidate": misses[1],
        "riskRatio": 1.14,
        "low": 0.55,
        "high": 2.3,
        "eValue": 0.4,
        "limit": 300.0,
        "safeEValue": 2.0,
        "safeLimit": 20.0,
        "tolerance": 1.1,
        "margin": 2.0,
        **more,
    }


def status(phase: str = "Progressing", **more: Any) -> dict[str, Any]:
    """The status in the middle of a ramp."""
    reasons = {"Progressing": "AnalysisRunning", "Paused": "UserPause", "Degraded": "AnalysisFailed", "Healthy": "Done"}
    return {
        "observedGeneration": 1,
        "phase": phase,
        "reason": reasons[phase],
        "message": "312/500 samples, no evidence of harm",
        "completionStatus": "",
        "currentStepIndex": 4,
        "stepCount": 11,
        "step": "5/11",
        "stableRevision": "5d9f",
        "candidateRevision": "7c1a",
        "overlay": "Active",
        "weights": {
            "desired": 10,
            "effective": 10,
            "observed": {"share": 0.102, "low": 0.088, "high": 0.117, "units": 3122},
        },
        "backends": [
            {"role": "stable", "name": "llama-a100", "share": 90, "ready": 8, "requests": 0},
            {"role": "candidate", "name": "llama-h100", "share": 10, "ready": 2, "requests": 312},
        ],
        "analysis": {"verdict": "Running", "metrics": [metric("errors", (9, 1)), metric("ttft-slo", (118, 15))]},
        "history": [],
        "quarantined": [],
        "conditions": [],
        **more,
    }


def run(url: str, verb: str, *arguments: str, text: str = "") -> Result:
    """`turnout rollout VERB` in this process."""
    return CliRunner().invoke(main, ["rollout", verb, *arguments, "--api", url], input=text or None)


class Stored:
    """Rollouts in a running API, written as users and the controller do."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._client = ApiClient(port)

    def close(self) -> None:
        self._client.close()

    def create(self, name: str, **spec: Any) -> None:
        answer = self._client.post(PATH, rollout(name, **spec))
        assert answer.code == 201, answer.body

    def read(self, name: str) -> dict[str, Any]:
        answer = self._client.get(f"{PATH}/{name}")
        assert answer.code == 200, answer.body
        document: dict[str, Any] = answer.document
        return document

    def tell(self, name: str, told: Mapping[str, Any]) -> None:
        answer = self._client.patch(f"{PATH}/{name}/status", {"status": told})
        assert answer.code == 200, answer.body

    def patch(self, name: str, body: Mapping[str, Any]) -> None:
        answer = self._client.patch(f"{PATH}/{name}", body)
        assert answer.code == 200, answer.body

    def delete(self, name: str) -> None:
        answer = self._client.delete(f"{PATH}/{name}")
        assert answer.code == 200, answer.body


class Answering(threading.Thread):
    """A controller that sees the first action on the rollout NAME, keeps it as `action` and answers it.

    It ends with the answer; with no `result` it gives none.
    """

    def __init__(self, port: int, name: str, result: str = "", message: str = "") -> None:
        super().__init__(daemon=True)
        self._port = port
        self._name = name
        self._result = result
        self._message = message
        self.action: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.join(30)
        assert not self.is_alive(), "no action came"

    def run(self) -> None:
        path = f"{PATH}?watch=true&fieldSelector=metadata.name={self._name}"
        with closing(ApiClient(self._port)) as client, client.watch(path) as events:
            for event in events:
                text = event["object"]["metadata"].get("annotations", {}).get(ACTION)
                if text:
                    break
            self.action = json.loads(text)
            if not self._result:
                return
            told = {**self.action, "result": self._result, "message": self._message}
            client.patch(f"{PATH}/{self._name}/status", {"status": {"lastAction": told}})


def running() -> State:
    """The engine's state at 10 %, in the first analysis, with a few errors on both arms."""
    plan = planned(msgspec.convert(rollout()["spec"], RolloutSpec))
    stable, candidate = (Trials(900, 9),), (Trials(100, 3),)
    return State(
        stage="Running",
        plan=plan,
        generation=1,
        stable_revision="5d9f",
        candidate_revision="7c1a",
        step_index=3,
        step_since=990.0,
        weights=Weights(desired=10, target=10, effective=10, seq=1, acknowledged=1, overlay=True),
        ready=Readiness(8, 2),
        keyless=Split((SplitCount(0.1, 100, 900),)),
        metrics=tuple(MetricState(plan=each, stable=stable, candidate=candidate) for each in plan.metrics),
    )


def stored_status(state: State, now: float = 1000.0) -> dict[str, Any]:
    """The status as the API gives it, of what the controller wrote."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(status_document(Kept(state), now, {})))
    return document
