from turnout.rollout.preflight import Facts, Probe, ServedModel, Server, checked

STABLE = (Server("s:1", (ServedModel("llama", 8192), ServedModel("sql", None)), 1),)
CANDIDATE = (Server("c:1", (ServedModel("llama", 16384), ServedModel("sql", 4096)), 1),)
ANSWERED = (Probe("c:1", 200),)


def verdicts(facts: Facts) -> dict[str, tuple[bool, str]]:
    return {check.type: (check.passed, check.message) for check in checked(facts)}


def test_a_candidate_that_can_do_what_stable_does_passes() -> None:
    found = verdicts(Facts(STABLE, CANDIDATE, ANSWERED))
    assert list(found) == ["CandidateReady", "ModelsServed", "ContextLength", "ProbeAnswered", "Connected"]
    assert all(passed for passed, _ in found.values())


def test_without_endpoints_nothing_is_shown() -> None:
    found = verdicts(Facts(STABLE, (), ()))
    assert {name for name, (passed, _) in found.items() if passed} == {"ContextLength"}


def test_a_missing_model_is_named() -> None:
    lacking = (Server("c:1", (ServedModel("llama", 8192),), 1),)
    assert verdicts(Facts(STABLE, lacking, ANSWERED))["ModelsServed"] == (False, "c:1 lacks sql")


def test_a_server_that_lists_no_models_is_not_taken_on_trust() -> None:
    silent = (Server("c:1", None, 1),)
    assert verdicts(Facts(STABLE, silent, ANSWERED))["ModelsServed"] == (False, "no model list from c:1")


def test_a_shorter_context_is_named_with_both_lengths() -> None:
    short = (Server("c:1", (ServedModel("llama", 4096), ServedModel("sql")), 1),)
    passed, message = verdicts(Facts(STABLE, short, ANSWERED))["ContextLength"]
    assert not passed
    assert message == "llama on c:1: 4096 tokens, stable has 8192"


def test_a_probe_that_fails_is_shown() -> None:
    probes = (*ANSWERED, Probe("c:2", 500, "CUDA error"))
    assert verdicts(Facts(STABLE, CANDIDATE, probes))["ProbeAnswered"] == (False, "c:2: 500 CUDA error")


def test_a_closed_connection_is_shown() -> None:
    closed = (Server("c:1", CANDIDATE[0].models, 0),)
    assert verdicts(Facts(STABLE, closed, ANSWERED))["Connected"] == (False, "no connection to c:1")
