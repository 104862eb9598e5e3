"""What each engine calls its numbers, and where it serves them (GIE's model server protocol, proposal 003).

ModelServer.spec.engine ──► Engine ──► paths for the scraper, series for `read_load`
"""

from msgspec import Struct


class Series(Struct, frozen=True):
    """The samples of one metric family; only those with `label` (`key="value"`) in their label set, if it is given."""

    name: bytes
    label: bytes = b""


class Engine(Struct, frozen=True):
    """One engine's table. Of several series for a number the first that the page has counts."""

    name: str
    waiting: tuple[Series, ...] = ()
    running: tuple[Series, ...] = ()
    kv_usage: tuple[Series, ...] = ()
    metrics_path: str = "/metrics"
    health_path: str = "/health"


VLLM = Engine(
    "vllm",
    waiting=(Series(b"vllm:num_requests_waiting"),),
    running=(Series(b"vllm:num_requests_running"),),
    kv_usage=(Series(b"vllm:kv_cache_usage_perc"), Series(b"vllm:gpu_cache_usage_perc")),
)
SGLANG = Engine(
    "sglang",
    waiting=(Series(b"sglang:num_queue_reqs"),),
    running=(Series(b"sglang:num_running_reqs"),),
    kv_usage=(Series(b"sglang:token_usage"),),
)
TRTLLM_SERVE = Engine(
    "trtllm-serve",
    waiting=(Series(b"trtllm_num_requests_waiting"),),
    running=(Series(b"trtllm_num_requests_running"),),
    kv_usage=(Series(b"trtllm_kv_cache_utilization"),),
    metrics_path="/prometheus/metrics",  # its /metrics is JSON
)
TRITON_TENSORRT_LLM = Engine(
    "triton-tensorrt-llm",
    waiting=(Series(b"nv_trt_llm_request_metrics", b'request_type="waiting"'),),
    running=(Series(b"nv_trt_llm_request_metrics", b'request_type="scheduled"'),),
    kv_usage=(Series(b"nv_trt_llm_kv_cache_block_metrics", b'kv_cache_block_type="fraction"'),),
    health_path="/v2/health/ready",
)
ENGINES = {each.name: each for each in (VLLM, SGLANG, TRTLLM_SERVE, TRITON_TENSORRT_LLM)}


def find_engine(name: str) -> Engine:
    """The engine's table; for a name that is not known one without numbers, so that it is served by health alone."""
    return ENGINES.get(name) or Engine(name)
