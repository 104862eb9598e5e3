"""The proxies that are compared: one file each, all behind `Proxy`."""

from benchmarks.proxies.envoy import Envoy
from benchmarks.proxies.haproxy import Haproxy
from benchmarks.proxies.litellm import LiteLLM
from benchmarks.proxies.nginx import Nginx
from benchmarks.proxies.proxy import Proxy
from benchmarks.proxies.smg import Smg
from benchmarks.proxies.turnout import Turnout
from benchmarks.proxies.vllm_router import VllmRouterCacheAware, VllmRouterRoundRobin

ALL: tuple[type[Proxy], ...] = (
    Turnout,
    Nginx,
    Haproxy,
    Envoy,
    VllmRouterRoundRobin,
    VllmRouterCacheAware,
    Smg,
    LiteLLM,
)

__all__ = ["ALL", "Proxy"]
