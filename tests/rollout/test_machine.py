import pytest

from tests.support.driven import GATE, PASSED, Driven, canary, spec
from turnout.judge import SplitCount
from turnout.rollout.events import (
    Abort,
    Check,
    Deleted,
    PauseAction,
    PreflightResult,
    Promote,
    Readiness,
    Refusal,
    Resume,
    Retry,
    RouteChanged,
    SetWeightAction,
    SpecChanged,
    Tick,
    Undo,
    WeightsAcknowledged,
)
from turnout.rollout.instructions import (
    PatchSpec,
    Quarantine,
    ReleaseFinalizer,
    ReleaseOverlay,
    RunPreflight,
    SetWeights,
)
from turnout.rollout.observations import Assigned, KeyLoad, Observations
from turnout.rollout.state import State


def promoted() -> Driven:
    driven = Driven().begin().run()
    assert driven.stage() == "Promoted"
    return driven


def at_gate() -> Driven:
    return Driven().begin().acknowledge()


def test_a_good_candidate_is_promoted_step_by_step() -> None:
    driven = promoted()
    assert driven.weights() == [10, 50, 100]
    assert (driven.status.phase, driven.status.completion_status) == ("Healthy", "Promoted")
    assert driven.condition("Completed")[0] == "True"
    assert driven.events()[-1] == "RolloutCompleted"


def test_no_weight_is_given_before_preflight_has_passed() -> None:
    driven = Driven()
    done = driven.tell(SpecChanged(spec(), 1, "s1", "c1"))
    assert any(isinstance(one, RunPreflight) for one in done)
    failed = Check("ModelsServed", passed=False, reason="ModelMissing", message="lacks llama")
    driven.tell(PreflightResult(driven.state.preflight, (failed,)))
    assert driven.weights() == []
    assert driven.condition("ModelsServed") == ("False", "ModelMissing")
    done = driven.tell(Tick(), after=5)
    assert any(isinstance(one, RunPreflight) for one in done)
    driven.tell(PreflightResult(driven.state.preflight, PASSED))
    assert driven.weights() == [10]


def test_preflight_that_does_not_pass_in_time_pauses_and_resumes() -> None:
    driven = Driven()
    driven.tell(SpecChanged(spec(progressDeadlineSeconds=60), 1))
    failed = Check("ProbeAnswered", passed=False, reason="ProbeFailed", message="500")
    driven.tell(PreflightResult(driven.state.preflight, (failed,)), after=61)
    assert (driven.status.phase, driven.status.reason) == ("Paused", "PreflightFailed")
    driven.tell(Resume("r"))
    driven.tell(PreflightResult(driven.state.preflight, PASSED))
    assert driven.weights() == [10]


def test_an_old_answer_of_preflight_says_nothing() -> None:
    driven = Driven()
    driven.tell(SpecChanged(spec(), 1))
    driven.tell(PreflightResult(driven.state.preflight - 1, PASSED))
    assert driven.weights() == []


def test_a_step_waits_for_every_worker() -> None:
    driven = Driven().begin()
    driven.tell(Tick(), after=100)
    assert driven.state.step_index == 0
    assert driven.status.weights.effective == 0
    driven.tell(WeightsAcknowledged(driven.state.weights.seq - 1))
    assert driven.status.weights.effective == 0
    driven.acknowledge()
    assert (driven.state.step_index, driven.status.weights.effective) == (1, 10)


def test_harm_aborts_in_one_instruction_and_quarantines() -> None:
    driven = at_gate()
    done = driven.report(errors=(2, 9))
    assert [one for one in done if isinstance(one, SetWeights)] == [SetWeights(100, 0, 2, 1)]
    assert Quarantine("c1") in done
    status = driven.status
    assert (status.phase, status.completion_status, status.reason) == ("Degraded", "Aborted", "AnalysisFailed")
    assert "9 of 11 misses on the candidate at weight 10 %" in status.message
    assert driven.condition("AnalysisPassing")[0] == "False"


def test_harm_aborts_during_a_pause_too() -> None:
    driven = at_gate()
    driven.tell(PauseAction("p"))
    driven.report(errors=(2, 9))
    assert driven.stage() == "Aborted"


def test_a_unit_counts_once_however_often_it_misses() -> None:
    driven = at_gate()
    for _ in range(30):
        driven.seq = 0
        driven.report(errors=(0, 1), source=f"worker-{driven.now}")
    assert driven.stage() == "Running"
    assert driven.state.metrics[0].seen == (1 << 11,)


def test_a_report_told_twice_counts_once() -> None:
    driven = at_gate()
    driven.report()
    before = driven.state
    driven.seq -= 1
    driven.report(after=0)
    assert driven.state is before


def test_without_data_nothing_advances_and_the_policy_pauses() -> None:
    driven = at_gate()
    for _ in range(59):
        driven.report(0, 0)
        driven.tell(Tick())
    assert driven.state.step_index == 1
    assert driven.condition("AnalysisPassing") == ("Unknown", "InsufficientData")
    driven.report(0, 0)
    driven.tell(Tick(), after=1)
    assert (driven.status.phase, driven.status.reason) == ("Paused", "InsufficientData")
    assert "0/20 samples of errors" in driven.status.message
    assert driven.status.analysis.verdict == "Inconclusive"


def test_silent_workers_are_no_data() -> None:
    driven = at_gate().quiet(9)
    driven.tell(Tick(), after=45)
    assert driven.state.step_index == 1
    driven.tell(Tick(), after=10)
    assert driven.status.reason == "InsufficientData"
    assert "no reports" in driven.status.message


@pytest.mark.parametrize(("policy", "weight"), [("Wait", 10), ("Proceed", 50)])
def test_the_policy_for_little_data_is_the_users(policy: str, weight: int) -> None:
    metrics = [{"name": "errors", "builtin": "ErrorRate"}]
    driven = Driven().begin(spec(analysis={"onInsufficientData": policy, "metrics": metrics})).acknowledge()
    driven.report(3, 1)
    driven.tell(Tick(), after=61)
    assert driven.status.weights.desired == weight
    assert ("InsufficientData" in driven.events()) is (policy == "Proceed")


def test_non_inferiority_asks_for_evidence_and_not_only_for_silence() -> None:
    gate = {"analysis": {"minSamples": 20, "maxDuration": "10m", "require": "nonInferior"}}
    driven = Driven().begin(spec(strategy=canary({"setWeight": 50}, gate))).acknowledge().quiet(30)
    assert driven.state.step_index == 1
    assert "not ruled out yet" in driven.status.message
    for _ in range(60):
        driven.report(50, 50, errors=(1, 1))
        driven.tell(Tick())
    assert driven.status.weights.desired == 100


def test_a_timed_pause_progresses_and_an_untimed_one_waits_for_promote() -> None:
    steps = canary({"setWeight": 10}, {"pause": {"duration": "30s"}}, {"pause": {}})
    driven = Driven().begin(spec(strategy=steps)).acknowledge()
    assert (driven.status.phase, driven.status.reason) == ("Progressing", "PauseStep")
    driven.tell(Tick(), after=30)
    assert (driven.status.phase, driven.status.reason) == ("Paused", "PauseStep")
    driven.tell(Promote("p"))
    assert driven.status.weights.desired == 100


def test_the_bake_lasts_and_starts_when_all_workers_have_the_weight() -> None:
    driven = Driven().begin(spec(strategy=canary({"setWeight": 100}, bake={"duration": "20s"})))
    driven.tell(Tick(), after=100)
    driven.acknowledge().quiet(19)
    assert driven.stage() == "Baking"
    driven.quiet(2)
    assert driven.stage() == "Promoted"


def test_a_bake_without_reports_does_not_end() -> None:
    driven = Driven().begin(spec(strategy=canary({"setWeight": 100}, bake={"duration": "20s"}))).acknowledge()
    driven.tell(Tick(), after=1000)
    assert driven.stage() == "Baking"


def test_a_candidate_without_endpoints_has_weight_zero_at_once_and_the_step_holds() -> None:
    driven = at_gate().quiet(5)
    done = driven.tell(Readiness(2, 0))
    assert SetWeights(100, 0, 2, 1) in done
    assert driven.status.weights.desired == 10
    driven.acknowledge()
    assert driven.status.weights.effective == 0
    assert driven.status.reason == "NoReadyEndpoints"
    driven.quiet(30)
    assert driven.state.step_index == 1
    driven.tell(Readiness(2, 1))
    driven.acknowledge()
    since = driven.now
    assert driven.status.weights.effective == 10
    assert driven.state.step_since == since


def test_promote_is_refused_without_endpoints() -> None:
    driven = at_gate()
    driven.tell(Readiness(2, 0))
    driven.tell(Promote("p", full=True))
    assert driven.status.weights.desired == 10
    assert driven.state.last_action is not None
    assert not driven.state.last_action.accepted


def test_promote_in_full_goes_to_everything_without_the_bake() -> None:
    driven = Driven().begin(spec(strategy=canary({"setWeight": 10}, GATE, bake={"duration": "1h"}))).acknowledge()
    driven.tell(Promote("p", full=True))
    assert driven.weights()[-1] == 100
    assert driven.stage() == "Baking"
    driven.acknowledge()
    assert driven.stage() == "Promoted"


def test_an_action_told_twice_takes_effect_once() -> None:
    driven = at_gate()
    driven.tell(Promote("p"))
    index = driven.state.step_index
    driven.tell(Promote("p"))
    assert driven.state.step_index == index


def test_both_arms_bad_pauses_and_does_not_abort() -> None:
    metrics = [{"name": "errors", "builtin": "ErrorRate", "compare": {}, "objective": {"maxMissRate": 0.05}}]
    driven = Driven().begin(spec(analysis={"metrics": metrics})).acknowledge()
    for _ in range(6):
        driven.report(90, 10, errors=(45, 5))
    assert (driven.status.phase, driven.status.reason) == ("Paused", "EnvironmentDegraded")
    assert driven.status.weights.desired == 10
    driven.tell(Resume("r"))
    assert not driven.is_paused()
    assert driven.state.metrics[0].evidence.runs == ((),)


def test_a_wrong_split_of_keyless_requests_pauses() -> None:
    driven = at_gate()
    for _ in range(5):
        driven.report(80, 20)
    assert driven.status.reason == "SampleRatioMismatch"
    assert driven.condition("WeightsVerified")[0] == "False"


def test_a_wrong_split_of_keys_pauses_and_their_repeats_do_not() -> None:
    driven = at_gate()
    driven.report(400, 100, assigned=())
    assert not driven.is_paused()
    driven.report(0, 0, assigned=(Assigned(keyed=True, split=SplitCount(0.1, 100, 400)),))
    assert driven.status.reason == "SampleRatioMismatch"
    assert "distinct keys" in driven.status.message


def test_a_heavy_key_is_named() -> None:
    driven = at_gate()
    driven.report(270, 30, keys=(KeyLoad("tenant-7", 40), KeyLoad("small", 10)))
    assert driven.condition("HeavyKey") == ("True", "HeavyKey")
    message = next(one.message for one in driven.status.conditions if one.type == "HeavyKey")
    assert "tenant-7" in message
    assert "40 of 300" in message
    assert "small" not in message


def test_an_aborted_revision_does_not_begin_again_until_retry() -> None:
    driven = at_gate()
    driven.tell(Abort("a", "seen enough"))
    assert driven.status.message == "seen enough"
    driven.tell(SpecChanged(spec(), 2, "s1", "c1"))
    assert driven.stage() == "Aborted"
    driven.tell(SpecChanged(spec(), 3, "s1", "c2"))
    assert driven.stage() == "Preflight"
    driven.tell(SpecChanged(spec(), 4, "s1", "c1"))
    assert driven.status.reason == "Quarantined"
    driven.tell(Retry("r"))
    assert driven.stage() == "Preflight"
    assert driven.state.round == 4


def test_another_revision_of_the_candidate_supersedes() -> None:
    driven = at_gate().quiet(15).acknowledge()
    assert driven.status.weights.effective == 50
    driven.tell(SpecChanged(spec(), 1, "s1", "c2"))
    assert driven.stage() == "Preflight"
    assert driven.weights()[-1] == 0
    assert driven.status.history[-1].completion_status == "Superseded"


def test_a_spec_told_again_changes_nothing() -> None:
    driven = at_gate()
    before = driven.state
    driven.tell(SpecChanged(spec(), 1, "s1", "c1"))
    assert driven.state is before


def test_a_spec_that_is_right_no_more_pauses_and_goes_on_when_it_is_again() -> None:
    driven = at_gate()
    driven.tell(SpecChanged(spec(), 1, "s1", "c1", Refusal("ResolvedRefs", "BackendNotFound", "no pool llm-new")))
    assert (driven.status.phase, driven.status.reason) == ("Paused", "BackendNotFound")
    assert driven.condition("ResolvedRefs") == ("False", "BackendNotFound")
    driven.tell(Resume("r"))
    assert driven.is_paused()
    driven.tell(SpecChanged(spec(), 1, "s1", "c1"))
    assert not driven.is_paused()
    assert driven.condition("ResolvedRefs")[0] == "True"


def test_a_wrong_spec_does_not_begin() -> None:
    driven = Driven()
    driven.tell(SpecChanged(spec(candidate={"name": "llm"}), 1))
    assert driven.condition("Accepted") == ("False", "InvalidSpec")
    assert driven.status.phase == "Degraded"
    assert driven.weights() == []


def test_a_changed_plan_goes_on_from_the_weight_in_force() -> None:
    driven = at_gate().quiet(15).acknowledge()
    steps = canary({"setWeight": 5}, GATE, {"setWeight": 60}, GATE)
    driven.tell(SpecChanged(spec(strategy=steps), 2, "s1", "c1"))
    assert driven.weights() == [10, 50, 60]


def test_a_changed_route_takes_force_at_once_and_resume_takes_it_up_again() -> None:
    driven = at_gate()
    done = driven.tell(RouteChanged("other"))
    assert ReleaseOverlay(2) in done
    assert (driven.status.phase, driven.status.reason) == ("Paused", "RouteChanged")
    assert driven.condition("WeightsOverridden")[0] == "False"
    driven.tell(Resume("r"))
    assert driven.weights() == [10, 10]
    driven.acknowledge()
    assert driven.condition("WeightsOverridden")[0] == "True"


def test_a_route_written_again_with_the_same_backends_changes_nothing() -> None:
    driven = at_gate()
    before = driven.state
    driven.tell(RouteChanged("spec"))
    assert driven.state is before


def test_what_is_promoted_cannot_be_deleted_before_the_route_names_it() -> None:
    driven = promoted()
    done = driven.tell(Deleted())
    assert ReleaseFinalizer() not in done
    assert driven.condition("DeletionBlocked")[0] == "True"
    assert driven.condition("SpecDrift") == ("True", "PromotedNotInSpec")
    done = driven.tell(RouteChanged("caught-up", candidate_only=True))
    assert ReleaseFinalizer() in done
    assert "SpecCaughtUp" in driven.events()


def test_the_annotation_frees_what_is_promoted() -> None:
    driven = promoted()
    driven.tell(Deleted())
    done = driven.tell(Deleted(revert=True))
    assert ReleaseFinalizer() in done
    assert any(isinstance(one, ReleaseOverlay) for one in done)


def test_deleting_an_unfinished_one_returns_to_the_specs_weights() -> None:
    done = at_gate().tell(Deleted())
    assert ReleaseOverlay(2) in done
    assert ReleaseFinalizer() in done


def test_undo_after_a_promotion_goes_back_to_stable_at_once() -> None:
    driven = promoted()
    driven.tell(Undo("u"))
    assert driven.weights()[-1] == 0
    assert (driven.status.phase, driven.status.completion_status) == ("Healthy", "RolledBack")


def test_undo_to_a_pool_that_is_neither_arm_is_a_rollout_of_its_own() -> None:
    driven = promoted()
    later = spec(stable={"name": "llm-new"}, candidate={"name": "llm-3"})
    driven.tell(SpecChanged(later, 2, "c1", "d1"))
    driven.tell(Readiness(2, 2))
    driven.tell(PreflightResult(driven.state.preflight, PASSED))
    driven.run()
    assert driven.stage() == "Promoted"
    done = driven.tell(Undo("u", "s1"))
    assert PatchSpec(stable="llm-3", candidate="llm") in done


def test_undo_to_what_nobody_knows_is_refused() -> None:
    driven = promoted()
    driven.tell(Undo("u", "nothing"))
    assert driven.state.last_action is not None
    assert "s1" in driven.state.last_action.message


def test_a_new_rollout_starts_from_what_serves() -> None:
    driven = promoted()
    driven.tell(SpecChanged(spec(candidate={"name": "llm-3"}), 2, "s1", "d1"))
    assert driven.condition("Accepted") == ("False", "StableNotServing")
    assert driven.status.weights.effective == 100


def test_a_weight_set_by_hand_pauses_and_resume_goes_on_from_there() -> None:
    driven = at_gate()
    driven.tell(SetWeightAction("w", 30))
    assert driven.weights()[-1] == 30
    assert driven.status.reason == "WeightSet"
    driven.acknowledge()
    driven.tell(Resume("r"))
    assert driven.weights()[-1] == 50


def test_actions_that_say_nothing_are_refused_with_the_reason() -> None:
    driven = Driven()
    driven.tell(Promote("p"))
    assert driven.state.last_action is not None
    assert "has not begun" in driven.state.last_action.message
    finished = promoted()
    finished.tell(Abort("a"))
    assert finished.stage() == "Promoted"
    assert finished.events()[-1] == "ActionRefused"


def test_a_baseline_quantile_is_fixed_from_stables_times_before_it_counts() -> None:
    metrics = [{"name": "ttft", "builtin": "TTFT", "baselineQuantile": 0.9}]
    driven = Driven().begin(spec(analysis={"metrics": metrics})).acknowledge()
    driven.quiet(15)
    assert driven.state.step_index == 1
    times = {"ttft": tuple(0.001 * one for one in range(1, 301))}
    driven.tell(Observations("other", 1, 1, times=times))
    threshold = driven.state.metrics[0].threshold
    assert threshold is not None
    assert 0.25 < threshold < 0.3
    driven.quiet(2)
    assert driven.status.weights.desired == 50


def test_reports_about_another_round_are_passed_over() -> None:
    driven = at_gate()
    driven.tell(Observations("other", 1, 7, candidate_requests=50))
    assert driven.state.load.candidate == 0


def test_missing_reports_are_counted() -> None:
    driven = at_gate()
    driven.report()
    driven.seq += 3
    driven.report()
    assert driven.state.gaps == 3


def test_an_empty_state_answers_every_event() -> None:
    for event in (
        Tick(),
        Deleted(),
        Readiness(1, 1),
        RouteChanged("x"),
        WeightsAcknowledged(3),
        PreflightResult(1, PASSED),
    ):
        Driven(State()).tell(event)
