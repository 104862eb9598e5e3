"""nginx: plain round robin with kept connections, the limit of what a proxy can do."""

import shutil

from benchmarks.processes import MissingError
from benchmarks.proxies.proxy import Proxy, said


class Nginx(Proxy):
    """Debian's nginx, one worker."""

    name = "nginx"

    def version(self) -> str:
        """As nginx says it."""
        return said([_binary(), "-v"]).rpartition("/")[2]

    def command(self) -> tuple[list[str], dict[str, str]]:
        """Without buffering, as inference needs it."""
        servers = " ".join(f"server 127.0.0.1:{port};" for port in self.upstreams)
        folder = self.folder
        config = folder / "nginx.conf"
        config.write_text(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; worker_processes 1; worker_rlimit_nofile 20000;
events {{ worker_connections 9000; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_max_body_size 100m;
  client_body_buffer_size 1m; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream pool {{ {servers} keepalive 2048; keepalive_requests 1000000000; keepalive_timeout 600s; }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096;
    location / {{
      proxy_pass http://pool; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_read_timeout 600s;
    }}
  }}
}}
""")
        return [_binary(), "-c", str(config)], {}


def _binary() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise MissingError("nginx (Debian package nginx)")
    return found
