"""smg: the Shepherd Model Gateway, formerly SGLang's router."""

from benchmarks.processes import free_ports
from benchmarks.proxies.proxy import Proxy, installed, pip_version


class Smg(Proxy):
    """Policy `cache_aware`, its default, without overload protection: the upstream is no GPU."""

    name = "smg cache_aware"

    def version(self) -> str:
        """The package's."""
        return pip_version(installed(self.cache, "smg"), "smg")

    def command(self) -> tuple[list[str], dict[str, str]]:
        """As its documentation starts it."""
        urls = [f"http://127.0.0.1:{port}" for port in self.upstreams]
        options = ["--disable-worker-overload-protection", "--disable-tokenizer-autoload"]
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--prometheus-port", str(free_ports(3)[2])]
        binary = installed(self.cache, "smg") / "smg"
        return [str(binary), "launch", *where, "--policy", "cache_aware", *options, "--worker-urls", *urls], {}
