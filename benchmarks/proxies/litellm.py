"""LiteLLM proxy: one worker."""

import json

from benchmarks.payloads import MODEL
from benchmarks.proxies.proxy import Proxy, installed, pip_version


class LiteLLM(Proxy):
    """Its default routing over the upstreams as OpenAI-compatible deployments."""

    name = "litellm"
    heavy = True

    def version(self) -> str:
        """The package's."""
        return pip_version(installed(self.cache, "litellm[proxy]"), "litellm")

    def command(self) -> tuple[list[str], dict[str, str]]:
        """Without network look-ups of its own."""
        deployments = [
            {
                "model_name": MODEL,
                "litellm_params": {
                    "model": f"openai/{MODEL}",
                    "api_base": f"http://127.0.0.1:{port}/v1",
                    "api_key": "x",
                },
            }
            for port in self.upstreams
        ]
        config = self.folder / "litellm.json"
        config.write_text(json.dumps({"model_list": deployments}))
        env = {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        }
        binary = installed(self.cache, "litellm[proxy]") / "litellm"
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--num_workers", "1"]
        return [str(binary), "--config", str(config), *where], env
