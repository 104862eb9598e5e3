"""The stage of the conformance cases: a real gateway before echoing model servers, and the words the cases use.

Upstream is kubernetes-sigs/gateway-api (conformance/tests), read for what it asserts. Its Services are InferencePools
here, each with one model server, and its shared Gateways are one Gateway per case, at a port of its own.
"""

import asyncio
import http.client
import random
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import aiohttp

from tests.support.api import MERGE_PATCH, ApiAnswer, ApiClient
from tests.support.echoes import Echoed, Echoes, echoed
from tests.support.system import System, system, until

T = TypeVar("T", bound=Callable[..., None])
Document = dict[str, Any]
Outcome = Literal["passes", "refused"]

GROUP = "gateway.networking.k8s.io"
POOLS = "inference.networking.k8s.io"
INFRA, WEB, APP = "infra", "web-backend", "app-backend"
BACKENDS = {
    "infra-v1": INFRA,
    "infra-v2": INFRA,
    "infra-v3": INFRA,
    "web-v1": WEB,
    "app-v1": APP,
    "app-v2": APP,
}
MAIN_PORT = 80
MAIN = "first"
"""Before every other name: of Gateways that are equally old the first by name is served at the gateway's own port."""
KINDS = {
    "Namespace": ("/api/v1", "namespaces"),
    "GatewayClass": (f"/apis/{GROUP}/v1", "gatewayclasses"),
    "Gateway": (f"/apis/{GROUP}/v1", "gateways"),
    "HTTPRoute": (f"/apis/{GROUP}/v1", "httproutes"),
    "ReferenceGrant": (f"/apis/{GROUP}/v1", "referencegrants"),
    "InferencePool": (f"/apis/{POOLS}/v1", "inferencepools"),
    "ModelServer": ("/apis/turnout.dev/v1alpha1", "modelservers"),
}


class Case(NamedTuple):
    """What a test stands for: an upstream test by its ShortName, the features that it asks for, and what came of it.

    `features` are those beyond Gateway and HTTPRoute. `note` says what is refused and by which reason, or what of the
    upstream test is left out.
    """

    name: str
    features: tuple[str, ...]
    outcome: Outcome
    note: str


def upstream(name: str, *features: str, outcome: Outcome = "passes", note: str = "") -> Callable[[T], T]:
    """Marks a test with the upstream test that it stands for."""

    def marked(test: T) -> T:
        setattr(test, "case", Case(name, features, outcome, note))  # noqa: B010 - a function has no such attribute
        return test

    return marked


class Answer(NamedTuple):
    """An answer through the gateway. `seen` is what the model server saw, None when none answered."""

    code: int
    headers: list[tuple[str, str]]
    seen: Echoed | None
    reason: str

    @property
    def by(self) -> str | int:
        """The backend that answered; the code when none did."""
        return self.seen.backend if self.seen is not None else self.code

    def values(self, name: str) -> str | None:
        """The header's values, joined by commas; None when it is not there."""
        found = [value for each, value in self.headers if each.lower() == name.lower()]
        return ",".join(found) if found else None


class Gateway(NamedTuple):
    """A Gateway of the stage, and the port of its first listener."""

    name: str
    port: int
    namespace: str = INFRA


class Stage:
    """A running gateway. `main` is its first Gateway: port 80 in the spec, and open to routes of every namespace."""

    def __init__(self, up: System, echoes: Echoes, api: ApiClient) -> None:
        self.up = up
        self.echoes = echoes
        self.api = api
        self.main = Gateway(MAIN, up.gateway_port)
        self._numbers = count(1)

    def unique(self, word: str) -> str:
        """A name that no other case has."""
        return f"{word}-{next(self._numbers)}"

    def create(self, kind: str, name: str, spec: Document | None, namespace: str = INFRA, **metadata: object) -> None:
        """Creates an object; fails unless the API takes it."""
        base, _ = KINDS[kind]
        version = base.removeprefix("/apis/").removeprefix("/api/")
        document: Document = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}}
        if spec is not None:
            document["spec"] = spec
        answer = self.api.post(path_of(kind, namespace), document)
        assert answer.code == 201, answer.document

    def get(self, kind: str, name: str, namespace: str = INFRA) -> Document:
        """The object as it is stored."""
        answer = self.api.get(f"{path_of(kind, namespace)}/{name}")
        assert answer.code == 200, answer.document
        document: Document = answer.document
        return document

    def patch(self, kind: str, name: str, change: Document, namespace: str = INFRA) -> Document:
        """The object after a merge patch."""
        answer: ApiAnswer = self.api.patch(f"{path_of(kind, namespace)}/{name}", change, media=MERGE_PATCH)
        assert answer.code == 200, answer.document
        document: Document = answer.document
        return document

    def delete(self, kind: str, name: str, namespace: str = INFRA) -> None:
        """Deletes the object."""
        answer = self.api.delete(f"{path_of(kind, namespace)}/{name}")
        assert answer.code == 200, answer.document

    def gateway(self, *listeners: Document, name: str = "", ready: bool = True, **spec: object) -> Gateway:
        """A new Gateway of class `turnout`, programmed unless it is not to be `ready`; one HTTP listener by default."""
        wanted = list(listeners) or [listener()]
        made = Gateway(name or self.unique("gateway"), wanted[0]["port"])
        self.create("Gateway", made.name, {"gatewayClassName": "turnout", "listeners": wanted, **spec})
        if ready:
            self.holds("Gateway", made.name, "Programmed", "True")
        return made

    def route(
        self, parents: Gateway | Sequence[Document], *rules: Document, namespace: str = INFRA, **spec: object
    ) -> str:
        """The name of a new HTTPRoute."""
        name = self.unique("route")
        refs = [parent(parents)] if isinstance(parents, Gateway) else list(parents)
        self.create("HTTPRoute", name, {"parentRefs": refs, "rules": list(rules), **spec}, namespace)
        return name

    def served(self, parents: Gateway, *rules: Document, namespace: str = INFRA, **spec: object) -> str:
        """The name of a new HTTPRoute that is accepted with all its references resolved."""
        name = self.route(parents, *rules, namespace=namespace, **spec)
        self.accepted(name, parents, namespace=namespace)
        return name

    def accepted(self, route: str, by: Gateway, *, namespace: str = INFRA, resolved: bool = True) -> None:
        """Waits until the Gateway accepts the route; `resolved`: and all its references lead somewhere."""
        self.of_route(route, by, "Accepted", "True", "Accepted", namespace=namespace)
        if resolved:
            self.of_route(route, by, "ResolvedRefs", "True", "ResolvedRefs", namespace=namespace)

    def of_route(
        self, route: str, by: Gateway, kind: str, status: str, reason: str = "", *, namespace: str = INFRA
    ) -> str:
        """Waits for a condition of the route's present generation under one parent, and gives its message."""

        def found() -> tuple[list[Document], int]:
            document = self.get("HTTPRoute", route, namespace)
            parents = document.get("status", {}).get("parents", [])
            ours = [one for one in parents if one["parentRef"]["name"] == by.name]
            assert all(one["controllerName"] == "turnout.dev/gateway" for one in ours)
            return [condition for one in ours for condition in one["conditions"]], document["metadata"]["generation"]

        return wait(found, kind, status, reason)

    def holds(self, kind: str, name: str, condition: str, status: str, reason: str = "", namespace: str = INFRA) -> str:
        """Waits for a condition of the object's present generation, and gives its message."""

        def found() -> tuple[list[Document], int]:
            document = self.get(kind, name, namespace)
            return document.get("status", {}).get("conditions", []), document["metadata"]["generation"]

        return wait(found, condition, status, reason)

    def listener(self, gateway: Gateway, name: str = "http") -> Document:
        """The status of a Gateway's listener by the Gateway's present generation."""

        def found() -> list[Document]:
            document = self.get("Gateway", gateway.name, gateway.namespace)
            generation = document["metadata"]["generation"]
            return [
                one
                for one in document.get("status", {}).get("listeners", [])
                if one["name"] == name and all(each["observedGeneration"] == generation for each in one["conditions"])
            ]

        return until(found)[0]

    def attached(self, gateway: Gateway, routes: int, name: str = "http") -> None:
        """Waits until the listener counts so many attached routes."""
        until(lambda: self.listener(gateway, name)["attachedRoutes"] == routes)

    def ask(
        self, gateway: Gateway | int, path: str = "/", host: str = "", method: str = "GET", **headers: str
    ) -> Answer:
        """One request on a connection of its own. A header's name has `_` for `-`."""
        port = gateway if isinstance(gateway, int) else gateway.port
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", host or f"127.0.0.1:{port}")
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            with connection.getresponse() as response:
                return answered(response.status, response.getheaders(), response.read())

    def by(self, gateway: Gateway, *paths: str, host: str = "", method: str = "GET", **headers: str) -> list[str | int]:
        """Who answered each path: the backend, or the code when none did."""
        return [self.ask(gateway, path, host, method, **headers).by for path in paths]

    def flood(self, gateway: Gateway, path: str, requests: int, wide: int = 10) -> list[Answer]:
        """So many keyless GETs, `wide` at a time."""

        async def main() -> list[Answer]:
            url = f"http://127.0.0.1:{gateway.port}{path}"
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=wide)) as session:

                async def one() -> Answer:
                    async with session.get(url, allow_redirects=False) as response:
                        return answered(response.status, list(response.headers.items()), await response.read())

                return await asyncio.gather(*(one() for _ in range(requests)))

        return asyncio.run(main())


def answered(code: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    """The answer; an answer without `x-turnout-pool` is the gateway's own."""
    names = {name.lower(): value for name, value in headers}
    relayed = "x-turnout-pool" in names and code == 200 and body
    return Answer(code, headers, echoed(body) if relayed else None, names.get("x-turnout-reason", ""))


def wait(found: Callable[[], tuple[list[Document], int]], kind: str, status: str, reason: str) -> str:
    """Polls for a condition of the present generation, and gives its message; fails with the last that there were."""
    last: list[Document] = []

    def message() -> str:
        nonlocal last
        last, generation = found()
        for one in last:
            if (one["type"], one["status"], one["observedGeneration"]) == (kind, status, generation) and reason in (
                "",
                one["reason"],
            ):
                return str(one["message"]) or " "
        return ""

    try:
        return until(message, 20)
    except AssertionError:
        raise AssertionError(f"no condition {kind}={status}/{reason or '*'} but {last}") from None


def path_of(kind: str, namespace: str) -> str:
    """The path of a kind's objects."""
    base, plural = KINDS[kind]
    return f"{base}/{plural}" if kind in ("Namespace", "GatewayClass") else f"{base}/namespaces/{namespace}/{plural}"


def free_port() -> int:
    """A port at which nobody listens, and which no outgoing connection is given."""
    while True:
        port = random.randrange(15_000, 32_000)
        with closing(socket.socket()) as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                return port


def listener(
    name: str = "http", *, port: int = 0, hostname: str = "", routes: str = "Same", **more: object
) -> Document:
    """An HTTP listener; at a free port if none is given, for routes of `routes`."""
    allowed = {"allowedRoutes": {"namespaces": {"from": routes}}}
    host = {"hostname": hostname} if hostname else {}
    return {"name": name, "port": port or free_port(), "protocol": "HTTP", **host, **allowed, **more}


def parent(gateway: Gateway, **more: object) -> Document:
    """A parentRef."""
    return {"name": gateway.name, "namespace": gateway.namespace, **more}


def backend(name: str, **more: object) -> Document:
    """A backendRef to a pool; its namespace is only named when given."""
    return {"group": POOLS, "kind": "InferencePool", "name": name, **more}


def rule(*backends: str | Document, matches: Sequence[Document] = (), **more: object) -> Document:
    """A rule; backends are pools' names or whole backendRefs."""
    refs = [backend(one) if isinstance(one, str) else one for one in backends]
    return {**({"matches": list(matches)} if matches else {}), **({"backendRefs": refs} if refs else {}), **more}


def at(path: str = "", *, headers: str = "", query: str = "", method: str = "") -> Document:
    """A match: `=/a` is Exact, `~/a` an expression, `/a` a prefix; headers and query are `name=value name=value`."""
    found: Document = {}
    if path:
        kinds = {"=": "Exact", "~": "RegularExpression"}
        kind = kinds.get(path[0])
        found["path"] = {"type": kind, "value": path[1:]} if kind else {"type": "PathPrefix", "value": path}
    if headers:
        found["headers"] = [dict(zip(("name", "value"), one.split("=", 1), strict=True)) for one in headers.split()]
    if query:
        found["queryParams"] = [dict(zip(("name", "value"), one.split("=", 1), strict=True)) for one in query.split()]
    return {**found, **({"method": method} if method else {})}


def modified(kind: Literal["Request", "Response"], *, set_: str = "", add: str = "", remove: str = "") -> Document:
    """A header modifier: `set_` and `add` are `name=value name=value`, `remove` is names."""

    def pairs(text: str) -> list[Document]:
        return [dict(zip(("name", "value"), one.split("=", 1), strict=True)) for one in text.split()]

    change = {"set": pairs(set_), "add": pairs(add), "remove": remove.split()}
    field = f"{kind.lower()}HeaderModifier"
    return {"type": f"{kind}HeaderModifier", field: {name: value for name, value in change.items() if value}}


def replaced(*, full: str = "", prefix: str = "") -> Document:
    """A path modifier."""
    if full:
        return {"type": "ReplaceFullPath", "replaceFullPath": full}
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": prefix}


def redirect(**said: object) -> Document:
    """A RequestRedirect filter."""
    return {"type": "RequestRedirect", "requestRedirect": said}


def rewrite(**said: object) -> Document:
    """A URLRewrite filter."""
    return {"type": "URLRewrite", "urlRewrite": said}


def mirror(pool: str, **more: object) -> Document:
    """A RequestMirror filter to a pool."""
    return {"type": "RequestMirror", "requestMirror": {"backendRef": backend(pool), **more}}


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """The stage with its namespaces, pools and main Gateway, once every pool answers."""
    with ExitStack() as stack:
        echoes = stack.enter_context(Echoes(*BACKENDS))
        up = stack.enter_context(system(folder, "--workers", "1"))
        api = stack.enter_context(closing(ApiClient(int(up.api.rpartition(":")[2]))))
        stage = Stage(up, echoes, api)
        for namespace, label in {INFRA: "infra", WEB: "backend", APP: "backend"}.items():
            stage.create("Namespace", namespace, None, labels={"conformance": label})
        main = listener(port=MAIN_PORT, routes="All")
        stage.create("Gateway", MAIN, {"gatewayClassName": "turnout", "listeners": [main]})
        for name, namespace in BACKENDS.items():
            labels = {"app": name}
            stage.create(
                "InferencePool", name, {"selector": {"matchLabels": labels}, "targetPorts": [{"number": 1}]}, namespace
            )
            server = {"address": "127.0.0.1", "port": echoes.ports[name]}
            stage.create("ModelServer", name, server, namespace, labels=labels)
            stage.route(stage.main, rule(name, matches=[at(f"/{name}")]), namespace=namespace, hostnames=["ready.test"])
        for name in BACKENDS:
            until(partial(answers, stage, name))
        yield stage


def answers(stage: Stage, name: str) -> bool:
    """Whether the backend answers."""
    return stage.ask(stage.main, f"/{name}", "ready.test").by == name
