"""`/metrics` of a real system: what was sent is what is counted, and a worker's death takes nothing away."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.sim import Sim
from tests.support.system import System, system, until

SENT = 60
CONTRACT = {
    "turnout_requests",
    "turnout_request_duration_seconds",
    "turnout_ttft_seconds",
    "turnout_tpot_seconds",
    "turnout_tokens",
    "turnout_streams_open",
    "turnout_endpoint_inflight",
    "turnout_pool_ready_endpoints",
    "turnout_table_version",
    "turnout_scrape_age_seconds",
    "turnout_loop_lag_seconds",
}
"""As Prometheus' own parser names them: a counter without its _total."""


def _manifests(folder: Path, port: int) -> Path:
    gateway = {"gatewayClassName": "turnout", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}
    pool = {"selector": {"matchLabels": {"app": "llm"}}, "targetPorts": [{"number": port}]}
    refs = [{"group": "inference.networking.k8s.io", "kind": "InferencePool", "name": "llm"}]
    objects = [
        ("gateway.networking.k8s.io/v1", "Gateway", "gw", {}, gateway),
        ("turnout.dev/v1alpha1", "ModelServer", "llm-0", {"app": "llm"}, {"address": "127.0.0.1", "port": port}),
        ("inference.networking.k8s.io/v1", "InferencePool", "llm", {}, pool),
        (
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            "chat",
            {},
            {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": refs}]},
        ),
    ]
    file = folder / "m.yaml"
    file.write_text(
        yaml.safe_dump_all(
            {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec}
            for version, kind, name, labels, spec in objects
        )
    )
    return file


def _ask(gateway: str, *, stream: bool) -> None:
    options: dict[str, object] = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    body = {"model": "llama", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4, **options}
    asked = urllib.request.Request(
        f"{gateway}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        answer.read()


def _page(running: System) -> str:
    with urllib.request.urlopen(f"{running.api}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def _sum(page: str, name: str, *labels: str) -> float:
    found = re.findall(rf"^{name}(\{{[^}}]*\}})? (\S+)$", page, re.MULTILINE)
    return sum(float(value) for pairs, value in found if all(each in pairs for each in labels))


def test_the_page_counts_what_was_sent_and_keeps_it_when_a_worker_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with Sim("llama") as sim:
        file = _manifests(tmp_path, sim.port)
        with system(tmp_path, "-f", str(file), "--workers", "2", "--access-log", str(log)) as running:
            until(lambda: _sum(_page(running), "turnout_pool_ready_endpoints") == 1)
            for number in range(SENT):
                _ask(running.gateway, stream=number % 2 == 0)
            until(lambda: _sum(_page(running), "turnout_requests_total") == SENT)
            page = _page(running)
            assert _sum(page, "turnout_requests_total", 'code="200"', 'model="llama"', 'pool="default/llm"') == SENT
            assert _sum(page, "turnout_request_duration_seconds_count") == SENT
            assert _sum(page, "turnout_ttft_seconds_count") == SENT / 2
            assert _sum(page, "turnout_tpot_seconds_count") == SENT / 2
            assert _sum(page, "turnout_tokens_total", 'kind="completion"') == SENT * 4
            assert len(re.findall(r"^turnout_table_version\{", page, re.MULTILINE)) == 2
            assert _sum(page, "turnout_loop_lag_seconds_count") > 0

            families = {family.name: family for family in text_string_to_metric_families(page)}
            assert set(families) >= CONTRACT
            labelled = {"route", "rule", "pool", "role", "code", "reason", "model"}
            assert {*families["turnout_requests"].samples[0].labels} == labelled

            lines = until(lambda: _whole(log))
            assert {line["model"] for line in lines} == {"llama"}
            assert "hello" not in log.read_text()

            running.child("worker").kill()
            for _ in range(20):
                assert _sum(_page(running), "turnout_requests_total") >= SENT
            until(lambda: len(re.findall(r"^turnout_table_version\{", _page(running), re.MULTILINE)) == 2)
            killed = running.child("controller")
            killed.kill()
            until(lambda: _successor(running, killed.pid))
            _ask(running.gateway, stream=False)
            until(lambda: _sum(_page(running), "turnout_requests_total") == SENT + 1)


def _successor(running: System, killed: int) -> bool:
    try:
        return running.child("controller").pid != killed
    except (LookupError, psutil.NoSuchProcess):  # it is gone, or not yet taken away
        return False


def _whole(log: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return lines if len(lines) == SENT else []


def test_the_page_is_refused_to_a_foreign_host_name(tmp_path: Path) -> None:
    with system(tmp_path) as running:
        asked = urllib.request.Request(f"{running.api}/metrics", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=10)
        refused.value.close()
        assert refused.value.code == 403
