"""The metrics page."""

import re

from turnout.simulator import DEFAULT, Engine, Job, find_profile
from turnout.simulator.metrics import escape, metrics_page

SAMPLE = re.compile(r'([a-z_:]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+)\} (\S+)')


def samples(page: bytes) -> list[tuple[str, str, float]]:
    """Name, labels and value of every sample. Fails on a line that is neither a sample nor a comment."""
    found: list[tuple[str, str, float]] = []
    for line in page.decode().splitlines():
        if not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            assert match, line
            found.append((match[1], match[2], float(match[3])))
    return found


def busy() -> Engine:
    """300 sequences submitted: 256 run, 44 wait."""
    engine = Engine(find_profile(DEFAULT))
    for number in range(300):
        engine.submit(0, Job(number, prompt=8, output=1000))
    engine.advance(1)
    return engine


def test_the_gauges_are_the_engines() -> None:
    engine = busy()
    values = {name: value for name, _, value in samples(metrics_page(engine, "llama", {}))}
    assert values["vllm:num_requests_running"] == 256
    assert values["vllm:num_requests_waiting"] == 44
    assert 0 < values["vllm:kv_cache_usage_perc"] == engine.kv_usage


def test_the_counters_are_the_engines() -> None:
    engine = busy()
    values = {name: value for name, _, value in samples(metrics_page(engine, "llama", {}))}
    assert values["vllm:prompt_tokens_total"] == engine.prompt_tokens == 256 * 8
    assert values["vllm:generation_tokens_total"] == engine.generation_tokens > 0


def test_every_sample_names_its_model() -> None:
    assert all('model_name="llama"' in labels for _, labels, _ in samples(metrics_page(busy(), "llama", {"stop": 3})))


def test_every_family_has_help_and_a_type() -> None:
    page = metrics_page(busy(), "llama", {"stop": 3})
    declared = set(re.findall(r"# TYPE (\S+) ", page.decode()))
    families = {re.sub("_(bucket|sum|count)$", "", name) for name, _, _ in samples(page)}
    assert declared == set(re.findall(r"# HELP (\S+) ", page.decode())) == families


def test_the_cache_is_described() -> None:
    labels = {name: labels for name, labels, _ in samples(metrics_page(busy(), "llama", {}))}
    assert 'block_size="16",num_gpu_blocks="29205"' in labels["vllm:cache_config_info"]


def test_buckets_rise_to_the_count() -> None:
    found = samples(metrics_page(busy(), "llama", {}))
    buckets = [value for name, _, value in found if name == "vllm:inter_token_latency_seconds_bucket"]
    count = next(value for name, _, value in found if name == "vllm:inter_token_latency_seconds_count")
    assert buckets == sorted(buckets)
    assert buckets[-1] == count > 0


def test_ended_requests_are_counted_by_reason() -> None:
    found = samples(metrics_page(busy(), "llama", {"stop": 3, "length": 4}))
    assert [value for name, _, value in found if name == "vllm:request_success_total"] == [3, 4]


def test_label_values_are_escaped() -> None:
    assert escape('a"b\\c\nd') == 'a\\"b\\\\c\\nd'
