"""HAProxy: least connections."""

import shutil

from benchmarks.processes import MissingError
from benchmarks.proxies.proxy import Proxy, said


class Haproxy(Proxy):
    """Debian's HAProxy, one thread."""

    name = "haproxy"

    def version(self) -> str:
        """As HAProxy says it."""
        return said([_binary(), "-v"]).split(" ")[2]

    def command(self) -> tuple[list[str], dict[str, str]]:
        """With maxconn below half of the descriptors."""
        servers = "\n".join(f"  server s{port} 127.0.0.1:{port}" for port in self.upstreams)
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""
global
  maxconn 8000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-keep-alive
  http-reuse always
frontend front
  bind 127.0.0.1:{self.port} backlog 4096
  default_backend pool
backend pool
  balance leastconn
{servers}
""")
        return [_binary(), "-db", "-f", str(config)], {}


def _binary() -> str:
    found = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise MissingError("haproxy (Debian package haproxy)")
    return found
