"""The engines' table."""

import pytest

from turnout.endpoints.engines import ENGINES, find_engine


@pytest.mark.parametrize("name", ["vllm", "sglang", "trtllm-serve", "triton-tensorrt-llm"])
def test_every_engine_that_a_model_server_may_name_has_its_numbers(name: str) -> None:
    engine = find_engine(name)
    assert engine.name == name
    assert engine.waiting
    assert engine.running
    assert engine.kv_usage


def test_an_unknown_engine_keeps_its_name_and_is_judged_by_health_alone() -> None:
    engine = find_engine("mine")
    assert (engine.name, engine.health_path, engine.waiting) == ("mine", "/health", ())


def test_the_table_is_keyed_by_name() -> None:
    assert all(name == engine.name for name, engine in ENGINES.items())
