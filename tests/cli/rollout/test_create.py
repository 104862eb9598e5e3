import json

import pytest
import yaml

from tests.support.real_api import RealApi
from tests.support.rollout_objects import Stored, rollout, run

WORDS = ("--route", "llama", "--from", "llama-a100", "--to", "llama-h100")
NOWHERE = "http://127.0.0.1:9"


def test_a_rollout_is_made_from_a_few_words(api: RealApi, stored: Stored) -> None:
    result = run(api.url, "create", "words", *WORDS, "--rule", "chat", "--steps", "5,50%", "--pause", "manual")
    assert (result.exit_code, result.stderr) == (0, f"server {api.url}\n")
    assert result.stdout == "inferencerollout.turnout.dev/words created\n"
    spec = stored.read("words")["spec"]
    assert spec["targetRef"]["sectionName"] == "chat"
    steps = spec["strategy"]["canary"]["steps"]
    assert steps == [{"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]


def test_a_rollout_is_made_from_a_manifest(api: RealApi, stored: Stored) -> None:
    result = run(api.url, "create", "-f", "-", text=yaml.safe_dump(rollout("filed")))
    assert (result.exit_code, result.stdout) == (0, "inferencerollout.turnout.dev/filed created\n")
    assert stored.read("filed")["spec"]["candidate"]["name"] == "llama-h100"


def test_one_that_is_there_is_not_made_again(api: RealApi, stored: Stored) -> None:
    stored.create("twice")
    result = run(api.url, "create", "twice", *WORDS)
    assert result.exit_code == 1
    assert 'Error from server (AlreadyExists): inferencerollouts.turnout.dev "twice" already exists' in result.stderr


def test_every_manifest_is_tried(api: RealApi, stored: Stored) -> None:
    stored.create("taken")
    text = yaml.safe_dump_all([rollout("taken"), rollout("free")])
    result = run(api.url, "create", "-f", "-", text=text)
    assert (result.exit_code, result.stdout) == (1, "inferencerollout.turnout.dev/free created\n")


def test_the_api_names_the_field_that_is_wrong(api: RealApi) -> None:
    result = run(api.url, "create", "falls", *WORDS, "--steps", "50,10")
    assert result.exit_code == 1
    assert "Error from server (Invalid)" in result.stderr
    assert "spec.strategy.canary.steps[2].setWeight: Invalid value: 10" in result.stderr


def test_a_misspelt_field_is_refused(api: RealApi) -> None:
    text = yaml.safe_dump(rollout("misspelt", candidat={"name": "x"}))
    result = run(api.url, "create", "-f", "-", text=text)
    assert result.exit_code == 1
    assert 'unknown field "spec.candidat"' in result.stderr


def test_a_dry_run_prints_the_manifest_and_asks_no_server() -> None:
    result = run(NOWHERE, "create", "dry", *WORDS, "--bake", "5m", "--dry-run", "-o", "yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    document = yaml.safe_load(result.stdout)
    assert (document["kind"], document["metadata"]) == ("InferenceRollout", {"name": "dry"})
    assert document["spec"]["strategy"] == {"canary": {"bake": {"duration": "5m"}}}


def test_a_dry_run_finds_what_the_api_would_refuse() -> None:
    result = run(NOWHERE, "create", "dry", *WORDS, "--steps", "120", "--dry-run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error: spec.strategy.canary.steps[0].setWeight: Invalid value: 120" in result.stderr
    same = run(NOWHERE, "create", "dry", "--route", "llama", "--from", "a", "--to", "a", "--dry-run")
    assert "error: spec.candidate.name: Invalid value" in same.stderr


def test_the_object_that_was_made_can_be_printed(api: RealApi) -> None:
    result = run(api.url, "create", "printed", *WORDS, "-o", "json")
    assert json.loads(result.stdout)["metadata"]["uid"]


def test_other_kinds_are_for_apply(api: RealApi) -> None:
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    result = run(api.url, "create", "-f", "-", text=text)
    assert result.exit_code == 1
    assert "error: Namespace/other is no InferenceRollout: use `turnout apply`" in result.stderr


def test_a_namespace_that_is_not_there_is_the_apis_to_tell(api: RealApi) -> None:
    result = run(api.url, "create", "lost", *WORDS, "-n", "nowhere")
    assert result.exit_code == 1
    assert 'Error from server (NotFound): namespaces "nowhere" not found' in result.stderr


def test_a_manifest_stays_in_its_namespace(api: RealApi) -> None:
    document = rollout("homely")
    document["metadata"]["namespace"] = "default"
    result = run(api.url, "create", "-f", "-", "-n", "other", text=yaml.safe_dump(document))
    assert result.exit_code == 1
    assert 'error: homely: its namespace is "default", not "other"' in result.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "missing NAME, --route, --from, --to"),
        (["x", "--route", "r"], "missing --from, --to"),
        (["x", *WORDS, "--steps", "1,ten"], "'1,ten' is not a list of percents"),
        (["x", *WORDS, "--pause", "soon"], "'soon' is not a duration"),
        (["x", *WORDS, "--pause", "5m", "--min-samples", "9"], "--min-samples is of an analysis"),
        (["x", "-f", "-"], "-f PATH stands alone"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(arguments: list[str], text: str) -> None:
    result = run(NOWHERE, "create", *arguments, text=yaml.safe_dump(rollout()))
    assert result.exit_code == 2
    assert text in result.stderr
