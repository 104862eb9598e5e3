"""Which API server a command talks to: kubeconfig files, the `turnout up` of this user, a Pod's service account."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from turnout.kube.target import Target

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class NoTargetError(Exception):
    """There is no API server to talk to, or the file that names it is of no use; the text says what to do."""


def user_kubeconfig(environment: Mapping[str, str] = os.environ) -> Path:
    """The file in which `turnout up` says where its API is, for the other commands of the same user."""
    state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "turnout" / "kubeconfig"


def write_kubeconfig(path: Path, server: str, *, token: str = "", authority: str = "") -> None:
    """Writes a kubeconfig of one server whose context has namespace `default`, readable by this user alone."""
    cluster: dict[str, str] = {"server": server}
    if authority:
        cluster["certificate-authority-data"] = base64.b64encode(authority.encode()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "turnout", "cluster": cluster}],
        "users": [{"name": "turnout", "user": {"token": token} if token else {}}],
        "contexts": [
            {"name": "turnout", "context": {"cluster": "turnout", "user": "turnout", "namespace": "default"}},
        ],
        "current-context": "turnout",
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False)
    fresh.replace(path)


def find_target(api: str = "", kubeconfig: str = "", environment: Mapping[str, str] = os.environ) -> Target:
    """The server to talk to. Raises NoTargetError.

    `api`, a URL, goes before the kubeconfig given or in KUBECONFIG, that before this user's `turnout up`, that before
    the service account of the Pod that this runs in. An `api` that is this user's `turnout up` is let in as that says.
    """
    if api:
        return _named(api.rstrip("/") if "://" in api else f"http://{api}", user_kubeconfig(environment))
    if kubeconfig:
        return load(Path(kubeconfig))
    named = [Path(each) for each in environment.get("KUBECONFIG", "").split(os.pathsep) if each]
    if named:
        return load(*named)
    own = user_kubeconfig(environment)
    if own.is_file():
        return load(own)
    if environment.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster(environment)
    raise NoTargetError("no API server: start `turnout up`, or name one with --api or --kubeconfig")


def _named(server: str, own: Path) -> Target:
    if server.startswith("https://") and own.is_file():
        target = load(own)
        if target.server == server:
            return target
    return Target(server)


def load(*paths: Path) -> Target:
    """The current context's server. Of several files the first to say something is heard. Raises NoTargetError."""
    current = ""
    entries: dict[tuple[str, str], tuple[dict[str, Any], Path]] = {}
    files = [path for path in paths if path.is_file()]
    if not files:
        raise NoTargetError(f"{paths[0]}: no such file")
    for path in files:
        config = _read(path)
        current = current or str(config.get("current-context") or "")
        for section, field in (("clusters", "cluster"), ("users", "user"), ("contexts", "context")):
            for entry in config.get(section) or ():
                entries.setdefault((field, str(entry.get("name"))), (entry.get(field) or {}, path))
    if not current:
        raise NoTargetError(f"{files[0]}: no current-context")
    context, where = _entry(entries, "context", current, files[0])
    cluster, cluster_file = _entry(entries, "cluster", str(context.get("cluster")), where)
    user, user_file = _entry(entries, "user", str(context.get("user")), where) if context.get("user") else ({}, where)
    return _target(cluster, cluster_file, user, user_file, str(context.get("namespace") or "default"))


def in_cluster(environment: Mapping[str, str], account: Path = SERVICE_ACCOUNT) -> Target:
    """The API server of the cluster that this Pod is in. Raises NoTargetError if the account is not mounted."""
    host = environment["KUBERNETES_SERVICE_HOST"]
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    try:
        return Target(
            f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            namespace=(account / "namespace").read_text(encoding="utf-8").strip(),
            authority=(account / "ca.crt").read_text(encoding="utf-8"),
            token_file=str(account / "token"),
        )
    except OSError as error:
        raise NoTargetError(f"the service account is not mounted: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NoTargetError(f"{path}: {error}") from error
    if not isinstance(config, dict):
        raise NoTargetError(f"{path}: not a kubeconfig")
    return config


def _entry(
    entries: Mapping[tuple[str, str], tuple[dict[str, Any], Path]], field: str, name: str, where: Path
) -> tuple[dict[str, Any], Path]:
    found = entries.get((field, name))
    if found is None:
        raise NoTargetError(f'{where}: no {field} "{name}"')
    return found


def _target(
    cluster: dict[str, Any], cluster_file: Path, user: dict[str, Any], user_file: Path, namespace: str
) -> Target:
    if not cluster.get("server"):
        raise NoTargetError(f"{cluster_file}: the cluster has no server")
    for field in ("exec", "auth-provider", "username"):
        if user.get(field):
            raise NoTargetError(
                f"{user_file}: users[].user.{field} is not supported; use a token or a client certificate"
            )
    token_file = str(user.get("tokenFile") or "")
    return Target(
        str(cluster["server"]).rstrip("/"),
        namespace=namespace,
        authority=_pem(cluster, "certificate-authority", cluster_file),
        certificate=_pem(user, "client-certificate", user_file),
        key=_pem(user, "client-key", user_file),
        token=str(user.get("token") or ""),
        token_file=str(user_file.parent / token_file) if token_file else "",
        server_name=str(cluster.get("tls-server-name") or ""),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
    )


def _pem(entry: dict[str, Any], field: str, where: Path) -> str:
    """The text of `FIELD-data`, or of the file that `FIELD` names, relative to the kubeconfig."""
    try:
        if entry.get(f"{field}-data"):
            return base64.b64decode(entry[f"{field}-data"], validate=True).decode()
        if entry.get(field):
            return (where.parent / str(entry[field])).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise NoTargetError(f"{where}: {field}: {error}") from error
    return ""
