"""Every kind that is served, through kubectl and `turnout` alike: stored, shown, described, explained, deleted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.admission import document
from tests.support.command_line import turnout
from tests.support.kubectl import Kubectl, kubeconfig_for, kubectl_for
from tests.support.objects import namespace
from tests.support.real_api import RealApi
from turnout.resources.kinds import KINDS, Kind

AGE = re.compile(r"\b\d+s\b")
OTHERS = tuple(kind for kind in KINDS if kind.kind != "Namespace")
WORDS = ",".join(f"{kind.plural}.{kind.version}.{kind.group}" for kind in OTHERS)


def example(kind: Kind) -> dict[str, Any]:
    """A document of the kind, in the group that is asked for."""
    whole = {**document(kind.kind), "apiVersion": kind.api_version}
    if kind.kind == "Event":
        whole["metadata"]["namespace"] = whole["involvedObject"]["namespace"] = "default"
    if kind.kind == "Secret":
        whole["data"] = {"key": "aHVudGVyMg=="}
    return whole


@pytest.fixture(scope="module")
def api() -> Iterator[RealApi]:
    with RealApi() as running:
        yield running


@pytest.fixture(scope="module")
def kubectl(api: RealApi, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    folder = tmp_path_factory.mktemp("kinds")
    found = kubectl_for(kubeconfig_for(api.url, folder), folder)
    text = yaml.safe_dump_all([namespace(), *map(example, OTHERS)])
    said = found("apply", "-f", "-", stdin=text).stdout.splitlines()
    assert [line.rpartition(" ")[2] for line in said] == ["created"] * len(KINDS)
    return found


@pytest.mark.parametrize("form", [[], ["-o", "name"], ["-o", "yaml"]], ids=["table", "name", "yaml"])
def test_both_show_every_kind_alike(api: RealApi, kubectl: Kubectl, form: list[str]) -> None:
    theirs = kubectl("get", WORDS, "--no-headers", *form).stdout
    ours = turnout("get", WORDS, "--no-headers", "--api", api.url, *form)
    assert ours.returncode == 0, ours.stderr
    assert _cells(ours.stdout) == _cells(theirs)


def test_both_describe_every_kind_alike(api: RealApi, kubectl: Kubectl) -> None:
    theirs = kubectl("describe", WORDS).stdout
    ours = turnout("describe", WORDS, "--api", api.url)
    assert ours.returncode == 0, ours.stderr
    assert ours.stdout == theirs
    assert "hunter2" not in theirs
    assert "aHVudGVyMg==" not in theirs


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")
def test_every_kind_is_explained_in_each_version(kubectl: Kubectl, kind: Kind) -> None:
    for version in kind.versions:
        in_group = f"{kind.group}/{version}" if kind.group else version
        said = kubectl("explain", kind.plural, "--api-version", in_group, "--recursive").stdout
        assert f"KIND:       {kind.kind}\nVERSION:    {version}\n" in said
        assert "  metadata\t<ObjectMeta>" in said


def test_a_field_that_no_kind_has_is_refused_strictly(kubectl: Kubectl) -> None:
    for kind in OTHERS:
        said = kubectl.refused("apply", "-f", "-", stdin=yaml.safe_dump({**example(kind), "nonsense": 1}))
        assert 'unknown field "nonsense"' in said, kind.kind


def test_a_pool_of_an_older_version_is_answered_with_the_one_that_is_served(kubectl: Kubectl) -> None:
    for group in ("inference.networking.k8s.io", "inference.networking.x-k8s.io"):
        said = kubectl.refused("get", "--raw", f"/apis/{group}/v1alpha2/namespaces/default/inferencepools")
        assert f"{group}/v1alpha2; use inference.networking.k8s.io/v1" in said


def test_every_kind_can_be_deleted(api: RealApi, kubectl: Kubectl, tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(map(example, OTHERS)))
    deleted = turnout("delete", "-f", str(file), "--api", api.url)
    assert (deleted.returncode, deleted.stdout.count(" deleted\n")) == (0, len(OTHERS)), deleted.stderr
    assert kubectl("get", WORDS).stdout == ""


def _cells(text: str) -> list[list[str]]:
    """The words of each line, ages set aside."""
    return [AGE.sub("AGE", line).split() for line in text.splitlines()]
