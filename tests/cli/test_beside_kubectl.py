"""`turnout` and the real kubectl in turns on one `turnout up`: what they print and how they end is equal."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import turnout
from tests.support.kubectl import Kubectl, kubectl_for
from tests.support.objects import gateway, namespace, pool, route, server
from tests.support.system import system

AGE = re.compile(r"\b\d+(ms|s|m)\b")
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"password": "hunter2"}}
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}, "data": {"a": "one\ntwo", "b": ""}}

READS = """
get modelservers
get modelserver llm-0
get modelserver/llm-0
get modelserver/llm-0 gateway/gate
get modelserver llm-0 none llm-1
get modelservers,gateways
get modelservers,secrets -A
get modelservers -n other
get modelservers -n nowhere
get modelservers -o wide
get modelservers -o name
get modelservers -o yaml
get gateways -o json
get modelserver llm-0 -o json
get gateway gate -o yaml
get modelserver llm-0 none -o json
get modelservers -l app=llm --show-labels
get modelservers -l app=none
get modelservers -l 'app in ('
get modelservers --field-selector metadata.name=llm-1 --no-headers
get modelserver none --ignore-not-found
get modelserver llm-0 -A
get -f files/a.yaml
get httproutes.v1beta1.gateway.networking.k8s.io -o name
get infpool,iro -n other
get gateway gate -o jsonpath='{.spec.listeners[*].port}'
get gateway gate -o jsonpath='{.status.conditions[?(@.type=="Accepted")].status}'
get modelservers -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.spec.port}{"\\n"}{end}'
get cabbages
get ns default
get secret,cm
describe modelserver llm-0
describe gateway
describe httproute
describe secret key
describe cm
describe ns default
describe modelserver none
describe modelserver -l app=llm
describe modelserver/llm-0 secret/key
describe iro
"""
WRITES = """
apply -f files/a.yaml
apply -f files/a.yaml -o name
apply -f files/a.yaml --dry-run=server
apply -f bad/invalid.yaml
apply -f bad/unknown.yaml
apply -f bad/two.yaml
apply -f bad/odd.yaml --dry-run=server
apply -f bad/empty.yaml
delete modelserver none
delete modelserver none --ignore-not-found
delete modelserver/none modelserver/nothing
delete modelserver llm-0 llm-1 --dry-run=server
delete modelserver/llm-0 gateway/gate --dry-run=server
delete modelservers --all --dry-run=server
delete modelservers,gateways -l app=llm --dry-run=server
delete modelserver
delete cabbages a
delete -f files/a.yaml --dry-run=server
delete -f bad/kind.yaml
delete -f bad/empty.yaml
"""


class Both:
    """The two commands, on the same server and in the same folder."""

    def __init__(self, kubectl: Kubectl, kubeconfig: str, folder: Path) -> None:
        self._kubectl = kubectl
        self._kubeconfig = kubeconfig
        self._folder = folder

    def theirs(self, arguments: list[str]) -> tuple[int, str, str]:
        try:
            done = self._kubectl(*self._found(arguments))
        except subprocess.CalledProcessError as error:
            return error.returncode, str(error.stdout), str(error.stderr)
        return done.returncode, done.stdout, done.stderr

    def ours(self, arguments: list[str]) -> tuple[int, str, str]:
        done = turnout(*self._found(arguments), "--kubeconfig", self._kubeconfig)
        return done.returncode, done.stdout, done.stderr.removeprefix(f"server {self.server}\n")

    @property
    def server(self) -> str:
        return str(yaml.safe_load(Path(self._kubeconfig).read_text())["clusters"][0]["cluster"]["server"])

    def _found(self, arguments: list[str]) -> list[str]:
        return [str(self._folder / each) if each.startswith(("files/", "bad/")) else each for each in arguments]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("beside")
    files, bad = folder / "files", folder / "bad"
    files.mkdir()
    bad.mkdir()
    elsewhere = server("llm-2")
    elsewhere["metadata"]["namespace"] = "other"
    (files / "a.yaml").write_text(yaml.safe_dump_all([namespace("other"), server("llm-0"), server("llm-1", app="b")]))
    rest = [gateway(), route(), pool("llm"), elsewhere, SECRET, SETTINGS]
    (files / "b.yaml").write_text(yaml.safe_dump_all(rest))
    wrong, odd = server("wrong"), route("odd", llm=1)
    wrong["spec"]["port"] = 99999
    worse = {**wrong, "metadata": {"name": "worse"}}
    unknown = {**server("unknown"), "spec": {"address": "127.0.0.1", "prot": 1}}
    odd["spec"]["rules"] = odd["spec"]["rules"][0]
    (bad / "invalid.yaml").write_text(yaml.safe_dump(wrong))
    (bad / "unknown.yaml").write_text(yaml.safe_dump(unknown))
    (bad / "two.yaml").write_text(yaml.safe_dump_all([wrong, worse]))
    (bad / "odd.yaml").write_text(yaml.safe_dump(odd))
    (bad / "kind.yaml").write_text("apiVersion: a.b/v1\nkind: X\nmetadata: {name: it}\n")
    (bad / "empty.yaml").write_text("")
    with system(folder) as running:
        kubectl = kubectl_for(Path(running.kubeconfig), folder)
        # By kubectl: what it applied itself it has nothing to say of.
        kubectl("apply", "-f", str(files))
        kubectl("wait", "gateway/gate", "--for=condition=Programmed", "--timeout=60s")
        yield Both(kubectl, running.kubeconfig, folder)


@pytest.mark.parametrize("line", (READS.strip() + WRITES.rstrip()).splitlines())
def test_the_answers_are_equal(both: Both, line: str) -> None:
    arguments = shlex.split(line)
    theirs, ours = both.theirs(arguments), both.ours(arguments)
    assert ours[0] == theirs[0], ours[2]
    order = sorted if line == "describe cm" else list  # kubectl walks its data in the random order of a Go map
    assert order(_ageless(ours[1])) == order(_ageless(theirs[1]))
    assert _ageless(ours[2]) == _ageless(theirs[2])


def _ageless(text: str) -> list[str]:
    """The lines without ages, whose widths move the columns."""
    return [
        re.sub(r" +", " ", AGE.sub("AGE", line)).rstrip() if AGE.search(line) else line for line in text.split("\n")
    ]
