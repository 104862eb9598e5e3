"""Paths by which whoever reaches a model server can command it, or look into it: nothing for an inference client.

One table per engine, as its HTTP server names them. `/health`, `/v1/models` and `/version` are in none. A path stands
for all that is beneath it, and `*` for any one element.
"""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

PASSES = 5
"""How often a path is decoded; nobody but an attacker encodes one more often."""

LONG = 512
"""Characters of a path whose answer is not remembered."""

_VLLM = """
/v1/load_lora_adapter /v1/unload_lora_adapter /sleep /wake_up /is_sleeping /pause /resume /is_paused /metrics /load
/reset_prefix_cache /reset_mm_cache /reset_encoder_cache /collective_rpc /start_profile /stop_profile /server_info
/scale_elastic_ep /is_scaling_elastic_ep /init_weight_transfer_engine /start_weight_update /update_weights
/finish_weight_update /get_world_size /abort_requests
"""
_SGLANG = """
/load_lora_adapter /load_lora_adapter_from_tensors /unload_lora_adapter /flush_cache /metrics /engine_metrics
/update_weights_from_disk /update_weights_from_tensor /update_weights_from_distributed /update_weights_from_ipc
/update_weight_version /init_weights_update_group /destroy_weights_update_group /get_weights_by_name /weights_checker
/init_weights_send_group_for_remote_instance /send_weights_to_remote_instance /get_remote_instance_transfer_engine_info
/remote_instance_transfer_engine_info /release_memory_occupation /resume_memory_occupation /pause_generation
/continue_generation /abort_request /start_profile /stop_profile /freeze_gc /slow_down /configure_logging
/set_trace_level /set_internal_state /get_internal_state /get_server_info /server_info /get_load /v1/loads
/start_expert_distribution_record /stop_expert_distribution_record /dump_expert_distribution_record /dumper
/clear_hicache_storage_backend /hicache /add_external_corpus /remove_external_corpus /list_external_corpora
"""
_TRTLLM_SERVE = """
/metrics /perf_metrics /energy_metrics /prometheus/metrics /kv_cache_events /server_info /steady_clock_offset
/cluster_info /release_memory /resume_memory /update_weights
"""
_TRITON = """
/metrics /v2/repository /v2/trace /v2/logging /v2/systemsharedmemory /v2/cudasharedmemory /v2/models/stats
/v2/models/*/stats /v2/models/*/trace /v2/models/*/versions/*/stats /v2/models/*/versions/*/trace
"""
MANAGEMENT: dict[str, frozenset[str]] = {
    "vllm": frozenset(_VLLM.split()),
    "sglang": frozenset(_SGLANG.split()),
    "trtllm-serve": frozenset(_TRTLLM_SERVE.split()),
    "triton-tensorrt-llm": frozenset(_TRITON.split()),
}
Elements = tuple[str, ...]


def _elements(path: str) -> Elements:
    return tuple(path.split("/")[1:])


_ALL = frozenset(_elements(path) for paths in MANAGEMENT.values() for path in paths)
_LITERAL = frozenset(each for each in _ALL if "*" not in each)
_PATTERNS = tuple(sorted(each for each in _ALL if "*" in each))
_DEEPEST = max(map(len, _LITERAL))


def is_management(path: str) -> bool:
    """Whether any engine could take `path` (no query) for one of its management paths, however it reads it.

    That is: after any number of percent-decodings, with dot segments removed or not, in any case, with slashes doubled,
    reversed or at the end, with path parameters, and up to a NUL, `?` or `#` that came out of decoding. A path that is
    still encoded after `PASSES` decodings counts as one too.
    """
    return _known(path) if len(path) <= LONG else _taken(path)


def _taken(path: str) -> bool:
    for _ in range(PASSES):
        if any(map(_listed, _readings(path))):
            return True
        decoded = unquote(path, "latin-1")
        if decoded == path:
            return False
        path = decoded
    return True


_known = lru_cache(1024)(_taken)


def _readings(path: str) -> Iterator[Elements]:
    text = path.lower().replace("\\", "/")
    for reading in {text, _cut(text)}:
        elements = tuple(element.partition(";")[0] for element in reading.split("/"))
        yield tuple(element for element in elements if element)
        yield _resolved(elements)


def _cut(text: str) -> str:
    for end in "\0?#":
        text = text.partition(end)[0]
    return text


def _resolved(elements: Elements) -> Elements:
    kept: list[str] = []
    for element in elements:
        if element == "..":
            del kept[-1:]
        elif element not in {"", "."}:
            kept.append(element)
    return tuple(kept)


def _listed(elements: Elements) -> bool:
    if any(elements[:length] in _LITERAL for length in range(1, _DEEPEST + 1)):
        return True
    return any(len(elements) >= len(pattern) and all(map(_stands_for, pattern, elements)) for pattern in _PATTERNS)


def _stands_for(pattern: str, element: str) -> bool:
    return pattern in ("*", element)
