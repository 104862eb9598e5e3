from tests.support.driven import Driven, spec
from turnout.rollout.explain import explained, reports


def test_the_numbers_behind_an_abort_are_shown() -> None:
    driven = Driven().begin().acknowledge()
    driven.report(90, 10, errors=(2, 9))
    report = reports(driven.state)[0]
    assert (report.counted_stable, report.counted_candidate) == (2, 9)
    assert (report.stable.n, report.stable.miss, report.candidate.n, report.candidate.miss) == (90, 2, 10, 9)
    assert report.limit is not None
    assert report.e_value >= report.limit
    assert report.phase == "Failed"
    text = explained(driven.state)
    assert "2/90" in text
    assert "9/10" in text
    assert "AnalysisFailed: errors: 9 of 11 misses on the candidate" in text


def test_one_metric_can_be_explained_alone() -> None:
    metrics = [
        {"name": "errors", "builtin": "ErrorRate"},
        {"name": "ttft", "builtin": "TTFT", "threshold": "800ms", "objective": {"maxMissRate": 0.05}},
    ]
    driven = Driven().begin(spec(analysis={"metrics": metrics})).acknowledge()
    driven.report()
    text = explained(driven.state, "ttft")
    assert "errors" not in text
    assert "a miss is TTFT above 800 ms" in text
    assert "objective 5 % misses" in text


def test_nothing_seen_can_be_explained() -> None:
    assert "nothing yet" in explained(Driven().begin().state)
