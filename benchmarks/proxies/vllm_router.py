"""vllm-router: the Rust router of the vLLM project, in two of its policies."""

from benchmarks.processes import free_ports
from benchmarks.proxies.proxy import Proxy, installed, pip_version


class VllmRouterRoundRobin(Proxy):
    """Policy `round_robin`."""

    name = "vllm-router round_robin"
    policy = "round_robin"

    def version(self) -> str:
        """The package's."""
        return pip_version(installed(self.cache, "vllm-router"), "vllm-router")

    def command(self) -> tuple[list[str], dict[str, str]]:
        """As its documentation starts it."""
        urls = [f"http://127.0.0.1:{port}" for port in self.upstreams]
        binary = installed(self.cache, "vllm-router") / "vllm-router"
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--prometheus-port", str(free_ports(2)[1])]
        return [str(binary), *where, "--policy", self.policy, "--worker-urls", *urls], {}


class VllmRouterCacheAware(VllmRouterRoundRobin):
    """Policy `cache_aware`: what an operator would choose."""

    name = "vllm-router cache_aware"
    policy = "cache_aware"
