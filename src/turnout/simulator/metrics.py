"""The metrics page of a simulated server under vLLM's names."""

from collections.abc import Iterator

from turnout.simulator.engine import Engine
from turnout.simulator.histogram import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_page(engine: Engine, model: str, finished: dict[str, int]) -> bytes:
    """The Prometheus text of an engine as it is. `finished` counts ended requests by finish reason."""
    labels = f'engine="0",model_name="{escape(model)}"'
    return "\n".join((*_lines(engine, labels, finished), "")).encode()


def escape(value: str) -> str:
    """A label value in the text format."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _lines(engine: Engine, labels: str, finished: dict[str, int]) -> Iterator[str]:
    gauges = (
        ("vllm:num_requests_running", "Number of requests in model execution batches.", engine.running),
        ("vllm:num_requests_waiting", "Number of requests waiting to be processed.", engine.waiting),
        ("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", engine.kv_usage),
    )
    for name, text, value in gauges:
        yield from _family(name, text, "gauge")
        yield f"{name}{{{labels}}} {float(value)!r}"
    counters = (
        ("vllm:prompt_tokens_total", "Number of prefill tokens processed.", engine.prompt_tokens),
        ("vllm:generation_tokens_total", "Number of generation tokens processed.", engine.generation_tokens),
    )
    for name, text, value in counters:
        yield from _family(name, text, "counter")
        yield f"{name}{{{labels}}} {float(value)!r}"
    name = "vllm:request_success_total"
    yield from _family(name, "Count of successfully processed requests.", "counter")
    for reason, count in finished.items():
        yield f'{name}{{{labels},finished_reason="{escape(reason)}"}} {float(count)!r}'
    name = "vllm:cache_config_info"
    profile = engine.profile
    yield from _family(name, "Information of the LLMEngine CacheConfig", "gauge")
    yield f'{name}{{{labels},block_size="{profile.block}",num_gpu_blocks="{profile.kv_tokens // profile.block}"}} 1.0'
    yield from _histogram("vllm:time_to_first_token_seconds", "Time to first token in seconds.", labels, engine.ttft)
    yield from _histogram("vllm:inter_token_latency_seconds", "Inter-token latency in seconds.", labels, engine.itl)


def _family(name: str, text: str, kind: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _histogram(name: str, text: str, labels: str, histogram: Histogram) -> Iterator[str]:
    yield from _family(name, text, "histogram")
    seen = 0
    for bound, count in zip((*histogram.bounds, None), histogram.counts, strict=True):
        seen += count
        le = "+Inf" if bound is None else repr(float(bound))
        yield f'{name}_bucket{{{labels},le="{le}"}} {float(seen)!r}'
    yield f"{name}_count{{{labels}}} {float(seen)!r}"
    yield f"{name}_sum{{{labels}}} {histogram.total!r}"
