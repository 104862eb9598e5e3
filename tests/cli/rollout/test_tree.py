from typing import Any

from tests.support.rollout_objects import metric, rollout, running, status, stored_status
from turnout.cli.rollout.tree import lines

NOW = 1_700_000_000.0
MADE = {"llama-a100": "2023-10-05T22:13:20Z", "llama-h100": "2023-11-14T20:13:20Z"}

RAMP = """\
Name:            llama-v2
Namespace:       prod
Status:          ◌ Progressing (AnalysisRunning)
Message:         312/500 samples, no evidence of harm
Strategy:        Canary
  Step:          5/11
  SetWeight:     10
  ActualWeight:  10.2 [8.8, 11.7]
Backends:        llama-a100 (stable)      ready 8
                 llama-h100 (candidate)   ready 2
Analysis:        METRIC    STABLE    CANDIDATE  RATIO [95% anytime]  EVIDENCE   VERDICT
                 errors    9/2810    1/312      1.14 [0.55, 2.3]     e=0.4/300  ◌ Running
                 ttft-slo  118/2810  15/312     1.14 [0.55, 2.3]     e=0.4/300  ◌ Running
Abort:           safe: llama-a100 has 8 ready endpoints

NAME                  KIND               STATUS          AGE    INFO
⟳ llama-v2            InferenceRollout   ◌ Progressing   14m
├──# candidate:7c1a
│  └──⧉ llama-h100    InferencePool      ✔ Ready         120m   10%  312 requests
└──# stable:5d9f
   └──⧉ llama-a100    InferencePool      ✔ Ready         40d    90%
"""

NEW = """\
Name:            llama-v2
Namespace:       prod
Status:          ◌ Progressing (Pending)
Message:         no controller has taken it up yet
Strategy:        Canary
  Step:          -
  SetWeight:     -
  ActualWeight:  -
Backends:        llama-a100 (stable)      ready -
                 llama-h100 (candidate)   ready -

NAME                 KIND               STATUS          AGE   INFO
⟳ llama-v2           InferenceRollout   ◌ Progressing   14m
├──# candidate
│  └──⧉ llama-h100   InferencePool      ? Unknown       -
└──# stable
   └──⧉ llama-a100   InferencePool      ? Unknown       -
"""


def shown(told: dict[str, Any], made: dict[str, str] = MADE) -> str:
    document = rollout()
    document["metadata"] |= {"namespace": "prod", "generation": 1, "creationTimestamp": "2023-11-14T21:59:20Z"}
    return "\n".join(lines({**document, "status": told}, made, NOW)) + "\n"


def test_the_middle_of_a_ramp_is_one_picture() -> None:
    assert shown(status()) == RAMP


def test_a_rollout_without_a_status_is_shown_by_its_spec() -> None:
    assert shown({}, {}) == NEW


def test_a_candidate_without_endpoints_is_not_ready() -> None:
    backends = [{"role": "candidate", "name": "llama-h100", "share": 0, "ready": 0}]
    assert "llama-h100    InferencePool      ✖ NotReady      120m   0%\n" in shown(status(backends=backends))


def test_there_is_no_safe_way_back_to_nothing() -> None:
    backends = [{"role": "stable", "name": "llama-a100", "share": 90, "ready": 0}]
    assert "Abort:           not safe: llama-a100 has no ready endpoint\n" in shown(status(backends=backends))


def test_what_has_ended_cannot_be_aborted() -> None:
    assert "Abort:" not in shown(status("Healthy"))


def test_what_has_ended_tells_how() -> None:
    assert "\nResult:          Promoted\n" in shown(status("Healthy", completionStatus="Promoted"))


def test_conditions_that_are_no_good_are_told_whole() -> None:
    conditions = [
        {"type": "SpecDrift", "status": "True", "reason": "PromotedNotInSpec", "message": "write:\n- name: llama-h100"},
        {"type": "HeavyKey", "status": "False", "reason": "NoHeavyKey", "message": ""},
        {"type": "Accepted", "status": "False", "reason": "Conflicted", "message": ""},
    ]
    notes = shown(status(conditions=conditions)).partition("Note:")[2].splitlines()
    assert notes[:3] == [
        "            SpecDrift: write:",
        "                 - name: llama-h100",
        "                 Accepted: Conflicted",
    ]
    assert notes[3] == ""


def test_a_verdict_has_its_sign() -> None:
    failed = metric("errors", (9, 30), phase="Failed", eValue=412.0)
    assert "e=412/300  ✖ Failed\n" in shown(status(analysis={"metrics": [failed]}))


def test_what_the_controller_stores_is_all_shown() -> None:
    picture = shown(stored_status(running()))
    for text in (
        "Status:          ◌ Progressing (AnalysisRunning)",
        "Step:          4/",
        "SetWeight:     10",
        "ActualWeight:  10 [",
        "llama-h100 (candidate)   ready 2",
        "errors          9/900   3/100",
        "# candidate:7c1a",
        "# stable:5d9f",
        "90%",
    ):
        assert text in picture
    assert "Unreadable" not in picture
