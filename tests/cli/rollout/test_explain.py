from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored, run, status


def test_the_numbers_follow_the_verdict(api: RealApi, stored: Stored) -> None:
    stored.create("explained")
    stored.tell("explained", status())
    result = run(api.url, "explain", "explained")
    assert result.exit_code == 0
    first, blank, header, errors, *_ = result.stdout.splitlines()
    assert first == "explained: ◌ Progressing (AnalysisRunning): 312/500 samples, no evidence of harm"
    assert (blank, header.split()[0], errors.split()[0]) == ("", "METRIC", "errors")


def test_one_metric_can_be_asked_for(api: RealApi, stored: Stored) -> None:
    stored.create("single")
    stored.tell("single", status())
    shown = run(api.url, "explain", "single", "ttft-slo").stdout
    assert "\nttft-slo" in shown
    assert "\nerrors" not in shown


def test_an_unknown_metric_is_an_error(api: RealApi, stored: Stored) -> None:
    stored.create("curious")
    stored.tell("curious", status())
    result = run(api.url, "explain", "curious", "tpot")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == 'error: metric "tpot" not found (the rollout has: errors, ttft-slo)\n'


def test_what_is_not_there_cannot_be_explained(api: RealApi) -> None:
    result = run(api.url, "explain", "none")
    assert result.exit_code == 1
    assert "Error from server (NotFound)" in result.stderr
