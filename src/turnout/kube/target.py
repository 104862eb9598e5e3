"""An API server and how to be let in."""

import ssl
import tempfile
from pathlib import Path

from msgspec import Struct

from turnout.store import ApiResource


class Target(Struct, frozen=True):
    """Where requests go and as whom. PEM texts are whole; `token_file` is read anew as tokens in it are rotated.

    `namespace` is for objects that name none. `server` has no slash at its end.
    """

    server: str
    namespace: str = "default"
    authority: str = ""
    certificate: str = ""
    key: str = ""
    token: str = ""
    token_file: str = ""
    server_name: str = ""
    insecure: bool = False

    def bearer(self) -> str:
        """The token to send, or nothing."""
        if self.token_file:
            return Path(self.token_file).read_text(encoding="utf-8").strip()
        return self.token

    def tls(self) -> ssl.SSLContext | None:
        """What to check the server by; None for plain HTTP. Raises ssl.SSLError on texts that are no certificates."""
        if not self.server.startswith("https:"):
            return None
        context = ssl.create_default_context(cadata=self.authority or None)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate:
            # The ssl module reads a client's certificate from a path only.
            with tempfile.NamedTemporaryFile("w", encoding="utf-8") as pem:
                pem.write(f"{self.certificate}\n{self.key}\n")
                pem.flush()
                context.load_cert_chain(pem.name)
        return context


def path_of(resource: ApiResource, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """`/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUBRESOURCE`, as far as each part is given."""
    parts = ["/apis", resource.group, resource.version] if resource.group else ["/api", resource.version]
    if namespace and resource.namespaced:
        parts += ["namespaces", namespace]
    parts += [each for each in (resource.plural, name, subresource) if each]
    return "/".join(parts)
