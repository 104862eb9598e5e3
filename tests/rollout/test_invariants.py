"""What holds whatever happens, in whatever order (design reference, part 7)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.driven import GATE, PASSED, Driven, canary, spec
from turnout.resources.inferencerollout import RolloutSpec
from turnout.rollout.events import (
    Abort,
    Check,
    Deleted,
    Event,
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
from turnout.rollout.instructions import SetWeights
from turnout.rollout.machine import step
from turnout.rollout.state import State, dumped, loaded
from turnout.rollout.status import status_of

SPECS = [
    spec(),
    spec(strategy=canary({"setWeight": 5}, GATE, {"pause": {"duration": "5s"}}, {"setWeight": 60}, GATE)),
    spec(strategy=canary({"setWeight": 20}, {"pause": {}}, GATE, bake={"duration": "10s"})),
    spec(candidate={"name": "llm-3"}),
]
FAILED = (Check("ProbeAnswered", passed=False, reason="ProbeFailed", message="500"),)
MOVED_BY_USERS = (Promote, Resume, Abort, Retry, Undo, SetWeightAction, SpecChanged)


class Rollout(RuleBasedStateMachine):
    """Every event, in any order; after each the state goes through JSON, as if the controller had been killed."""

    def __init__(self) -> None:
        super().__init__()
        self.driven = Driven()
        self.token = 0
        self.highest = 0
        self.revision = "c1"
        self.aborted: set[str] = set()
        self.told = SetWeights(100, 0, 0, 0)

    def tell(self, event: Event, after: float = 0.0) -> None:
        driven = self.driven
        before = driven.state
        start = len(driven.done)
        driven.tell(event, after)
        self.check(before, event)
        again, done = step(driven.state, event, driven.now)
        if not isinstance(event, Tick | WeightsAcknowledged | Deleted):
            assert again == driven.state, "an event told twice is an event told once"
            assert not any(isinstance(one, SetWeights) for one in done)
        driven.state = loaded(dumped(driven.state))
        for one in driven.done[start:]:
            if isinstance(one, SetWeights):
                assert one.seq > self.told.seq
                self.told = one

    def check(self, before: State, event: Event) -> None:
        """What holds between a state and the next."""
        after = self.driven.state
        moved = after.weights.desired != before.weights.desired
        if moved and not isinstance(event, MOVED_BY_USERS):
            stepped = after.step_index > before.step_index or before.stage == "Preflight"
            assert stepped or after.stage == "Aborted", "desired weight moves by step, abort or user alone"
            if after.stage != "Aborted":
                assert after.weights.desired >= before.weights.desired, "a ramp is monotone"
        if after.stage == "Aborted" and before.stage != "Aborted" and after.candidate_revision:
            assert after.candidate_revision in after.quarantined
        if after.stage in ("Running", "Baking", "Promoted") and after.round != before.round:
            assert after.candidate_revision not in after.quarantined

    def action(self) -> str:
        self.token += 1
        return str(self.token)

    @initialize(which=st.sampled_from(SPECS), begun=st.integers(0, 3))
    def begin(self, which: RolloutSpec, begun: int) -> None:
        if begun:
            self.tell(RouteChanged("spec"))
            self.tell(Readiness(2, 2))
            self.tell(SpecChanged(which, 1, "s1", "c1"))
            self.tell(PreflightResult(self.driven.state.preflight, PASSED))

    @precondition(lambda self: self.driven.state.stage in ("Preflight", "Running", "Baking"))
    @rule()
    def go_well(self) -> None:
        """What brings a rollout on, so that the late stages are met as often as the early ones."""
        self.tell(PreflightResult(self.driven.state.preflight, PASSED))
        self.tell(Readiness(2, 2))
        self.tell(WeightsAcknowledged(self.driven.state.weights.seq))
        self.good_traffic(15)

    @rule(which=st.sampled_from(SPECS), generation=st.integers(1, 3), revision=st.sampled_from(["c1", "c2", ""]))
    def write_spec(self, which: RolloutSpec, generation: int, revision: str) -> None:
        self.tell(SpecChanged(which, generation, "s1", revision))

    @rule()
    def lose_a_reference(self) -> None:
        self.tell(SpecChanged(SPECS[0], 1, "s1", "c1", Refusal("ResolvedRefs", "BackendNotFound", "gone")))

    @rule(passed=st.booleans())
    def answer_preflight(self, *, passed: bool) -> None:
        self.tell(PreflightResult(self.driven.state.preflight, PASSED if passed else FAILED))

    @precondition(lambda self: self.driven.state.weights.seq > 0)
    @rule(late=st.integers(0, 1))
    def acknowledge(self, late: int) -> None:
        self.tell(WeightsAcknowledged(self.driven.state.weights.seq - late))

    @rule(seconds=st.sampled_from([1.0, 6.0, 40.0]))
    def pass_time(self, seconds: float) -> None:
        self.tell(Tick(), seconds)

    @rule(stable=st.integers(0, 2), candidate=st.integers(0, 2))
    def endpoints(self, stable: int, candidate: int) -> None:
        self.tell(Readiness(stable, candidate))

    @rule(seconds=st.integers(1, 15))
    def good_traffic(self, seconds: int) -> None:
        before = self.driven.state
        self.driven.quiet(seconds)
        assert self.driven.state.stage != "Aborted" or before.stage == "Aborted", "good traffic aborts nothing"

    @rule(seconds=st.integers(1, 80))
    def no_traffic(self, seconds: int) -> None:
        before = self.driven.state
        for _ in range(seconds):
            self.driven.report(0, 0)
            self.driven.tell(Tick())
        if before.step is not None and before.stage == "Running" and before.load.candidate == 0:
            past_gates = [
                place
                for place, one in enumerate(before.plan.steps if before.plan else ())
                if before.step_index <= place < self.driven.state.step_index and type(one).__name__ == "Gate"
            ]
            assert not past_gates, "no data never advances"

    @rule(errors=st.tuples(st.integers(0, 3), st.integers(0, 10)))
    def bad_traffic(self, errors: tuple[int, int]) -> None:
        share = self.driven.state.weights.effective
        self.driven.report(max(100 - share, errors[0]), max(share, errors[1]), errors=errors)

    @rule(fingerprint=st.sampled_from(["spec", "other"]), only=st.booleans())
    def write_route(self, fingerprint: str, *, only: bool) -> None:
        self.tell(RouteChanged(f"{fingerprint}{only}", candidate_only=only))

    @rule(full=st.booleans())
    def promote(self, *, full: bool) -> None:
        self.tell(Promote(self.action(), full))

    @rule()
    def pause(self) -> None:
        self.tell(PauseAction(self.action()))

    @rule()
    def resume(self) -> None:
        self.tell(Resume(self.action()))

    @rule()
    def abort(self) -> None:
        self.tell(Abort(self.action()))

    @rule()
    def retry(self) -> None:
        self.tell(Retry(self.action()))

    @rule()
    def undo(self) -> None:
        self.tell(Undo(self.action()))

    @rule(weight=st.integers(-1, 101))
    def set_weight(self, weight: int) -> None:
        self.tell(SetWeightAction(self.action(), weight))

    @invariant()
    def shares_sum_to_100(self) -> None:
        for one in self.driven.done:
            if isinstance(one, SetWeights):
                assert one.stable + one.candidate == 100
                assert 0 <= one.candidate <= 100

    @invariant()
    def a_candidate_without_endpoints_has_no_share(self) -> None:
        state = self.driven.state
        ready = state.ready
        stays = state.stage == "Promoted" and ready is not None and ready.stable == 0
        shifting = state.stage in ("Running", "Baking", "Promoted") and state.weights.overlay
        if ready is not None and ready.candidate == 0 and shifting and not stays:
            assert state.weights.target == 0

    @invariant()
    def a_quarantined_revision_has_no_weight(self) -> None:
        state = self.driven.state
        if state.stage in ("Aborted", "Preflight"):
            assert state.weights.desired == 0
            assert not state.weights.overlay or state.weights.target == 0

    @invariant()
    def what_has_ended_is_not_paused(self) -> None:
        state = self.driven.state
        assert state.pause is None or state.stage in ("Preflight", "Running", "Baking")

    @invariant()
    def the_status_can_be_written(self) -> None:
        status = status_of(self.driven.state, self.driven.now)
        types = [one.type for one in status.conditions]
        assert len(types) == len(set(types))
        assert all(one.reason for one in status.conditions)
        assert {"Accepted", "ResolvedRefs", "Progressing", "Paused", "Completed", "AnalysisPassing"} <= set(types)
        assert sum(one.share for one in status.backends) in (0, 100)


Rollout.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestRollout = Rollout.TestCase
