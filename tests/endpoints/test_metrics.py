"""Metrics pages to numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.model_servers import vllm_page
from turnout.endpoints.engines import ENGINES, SGLANG, TRITON_TENSORRT_LLM, TRTLLM_SERVE, VLLM, find_engine
from turnout.endpoints.metrics import UNKNOWN, Load, read_load

NUMBERS = st.floats(min_value=0, max_value=1e12)


def waiting(page: bytes) -> float | None:
    return read_load(page, VLLM).waiting


def test_a_vllm_page_gives_its_three_numbers() -> None:
    assert read_load(vllm_page(3, 8, 0.25), VLLM) == Load(3.0, 8.0, 0.25)


def test_requests_of_several_ranks_are_summed() -> None:
    page = b'vllm:num_requests_waiting{engine="0"} 3.0\nvllm:num_requests_waiting{engine="1"} 4.0\n'
    assert waiting(page) == 7.0


def test_of_the_kv_usages_of_several_ranks_the_highest_counts() -> None:
    page = b'vllm:kv_cache_usage_perc{engine="0"} 0.3\nvllm:kv_cache_usage_perc{engine="1"} 0.2\n'
    assert read_load(page, VLLM).kv_usage == 0.3


def test_the_older_name_of_the_kv_usage_is_read() -> None:
    assert read_load(b"vllm:gpu_cache_usage_perc 0.5\n", VLLM).kv_usage == 0.5


def test_the_newer_name_of_the_kv_usage_wins() -> None:
    page = b"vllm:gpu_cache_usage_perc 0.5\nvllm:kv_cache_usage_perc 0.1\n"
    assert read_load(page, VLLM).kv_usage == 0.1


def test_a_kv_usage_above_1_is_1() -> None:
    assert read_load(b"sglang:token_usage 1.25\n", SGLANG).kv_usage == 1.0


@pytest.mark.parametrize(
    "longer",
    ["vllm:num_requests_waiting_by_reason", "vllm:num_requests_waiting_total", "vllm:num_requests_waiting:sum"],
)
def test_a_longer_name_is_another_metric(longer: str) -> None:
    page = f'{longer}{{reason="capacity"}} 9\nvllm:num_requests_waiting 2\n{longer} 9\n'
    assert waiting(page.encode()) == 2.0


def test_a_name_that_ends_alike_is_another_metric() -> None:
    assert waiting(b"my_vllm:num_requests_waiting 9\nvllm:num_requests_waiting 2\n") == 2.0


def test_comments_are_no_samples() -> None:
    page = b"# HELP vllm:num_requests_waiting 7\n# TYPE vllm:num_requests_waiting gauge\n#vllm:num_requests_waiting 7\n"
    assert waiting(page) is None


def test_a_name_inside_a_label_is_no_sample() -> None:
    assert waiting(b'other{help="vllm:num_requests_waiting 7"} 1\n') is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e2", 100.0),
        ("1.5E+1", 15.0),
        ("2 1712345678000", 2.0),
        ("  3", 3.0),
        ("4\r", 4.0),
        ("NaN", None),
        ("+Inf", None),
        ("-Inf", None),
        ("-1", None),
        ("", None),
        ("many", None),
        ("1e999", None),
    ],
)
def test_a_value_is_a_finite_number_that_is_not_negative(text: str, value: float | None) -> None:
    assert waiting(f'vllm:num_requests_waiting{{a="b"}} {text}\n'.encode()) == value


def test_one_unreadable_rank_makes_the_number_unknown() -> None:
    page = b'vllm:num_requests_waiting{engine="0"} 3\nvllm:num_requests_waiting{engine="1"} NaN\n'
    assert waiting(page) is None


def test_a_sum_that_overflows_is_unknown() -> None:
    page = b'vllm:num_requests_waiting{engine="0"} 1e308\nvllm:num_requests_waiting{engine="1"} 1e308\n'
    assert waiting(page) is None


def test_braces_spaces_and_quotes_in_labels_are_harmless() -> None:
    assert waiting(b'vllm:num_requests_waiting{model_name="a} 5 \\" {b"} 3\n') == 3.0


def test_labels_that_do_not_end_are_no_sample() -> None:
    assert waiting(b'vllm:num_requests_waiting{model_name="a 3\n') is None


def test_the_last_line_needs_no_newline() -> None:
    assert waiting(b"vllm:num_requests_waiting 3") == 3.0


def test_a_page_may_begin_with_a_sample_and_go_on() -> None:
    assert waiting(b'vllm:num_requests_waiting{e="0"} 3\nx 1\nvllm:num_requests_waiting{e="1"} 4\n') == 7.0


def test_an_sglang_page_gives_its_three_numbers() -> None:
    page = b'sglang:num_queue_reqs{m="x"} 2.0\nsglang:num_running_reqs{m="x"} 5.0\nsglang:token_usage{m="x"} 0.5\n'
    assert read_load(page, SGLANG) == Load(2.0, 5.0, 0.5)


def test_a_trtllm_serve_page_gives_its_three_numbers() -> None:
    page = b"trtllm_num_requests_waiting 2\ntrtllm_num_requests_running 5\ntrtllm_kv_cache_utilization 0.5\n"
    assert read_load(page, TRTLLM_SERVE) == Load(2.0, 5.0, 0.5)


def test_a_triton_page_gives_the_samples_with_the_right_label() -> None:
    page = b"""
nv_trt_llm_request_metrics{model="t",request_type="context",version="1"} 1
nv_trt_llm_request_metrics{model="t",request_type="waiting",version="1"} 3
nv_trt_llm_request_metrics{model="t",request_type="scheduled",version="1"} 4
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="t",version="1"} 0.75
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max",model="t",version="1"} 6239
"""
    assert read_load(page, TRITON_TENSORRT_LLM) == Load(3.0, 4.0, 0.75)


def test_a_sample_without_the_label_is_another_one() -> None:
    assert read_load(b"nv_trt_llm_request_metrics 3\n", TRITON_TENSORRT_LLM) == UNKNOWN


def test_an_engine_of_another_name_has_no_numbers() -> None:
    assert read_load(vllm_page(3, 8, 0.25), find_engine("mine")) == UNKNOWN


@given(waiting=NUMBERS, running=NUMBERS, kv_usage=st.floats(0, 1))
@settings(max_examples=50)
def test_what_a_page_says_is_what_is_read(waiting: float, running: float, kv_usage: float) -> None:
    assert read_load(vllm_page(waiting, running, kv_usage), VLLM) == Load(waiting, running, kv_usage)


FRAGMENTS = st.sampled_from(
    [
        b"vllm:num_requests_waiting",
        b"{",
        b"}",
        b" ",
        b"\n",
        b'"',
        b"1",
        b"-",
        b"nan",
        b"\xff",
        b"#",
        b"1_0",
        b"0x1",
        b"\x00",
    ]
)


@given(
    page=st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=30).map(b"".join)),
    engine=st.sampled_from(sorted(ENGINES)),
)
@settings(max_examples=200)
def test_no_bytes_raise_and_every_number_is_in_its_range(page: bytes, engine: str) -> None:
    load = read_load(page, ENGINES[engine])
    assert load.waiting is None or 0 <= load.waiting < float("inf")
    assert load.kv_usage is None or 0 <= load.kv_usage <= 1
