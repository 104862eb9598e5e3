import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from turnout.kube.kubeconfig import NoTargetError, find_target, in_cluster, load, user_kubeconfig, write_kubeconfig
from turnout.kube.target import Target


def write(path: Path, *, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> Path:
    config = {
        "clusters": [{"name": "c", "cluster": cluster if cluster is not None else {"server": "https://c:6443/"}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "here"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(config))
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "kubeconfig"
    write_kubeconfig(path, "https://127.0.0.1:8001", token="secret", authority="PEM")
    assert load(path) == Target("https://127.0.0.1:8001", token="secret", authority="PEM")


def test_a_written_file_is_this_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    write_kubeconfig(path, "http://127.0.0.1:8001")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["kubeconfig"]


def test_the_context_names_server_user_and_namespace(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("CA")
    path = write(
        tmp_path / "config",
        cluster={"server": "https://c", "certificate-authority": "ca.pem", "tls-server-name": "kube"},
        user={
            "client-certificate-data": base64.b64encode(b"CERT").decode(),
            "client-key-data": base64.b64encode(b"KEY").decode(),
            "tokenFile": "token",
        },
    )
    assert load(path) == Target(
        "https://c",
        namespace="here",
        authority="CA",
        certificate="CERT",
        key="KEY",
        token_file=str(tmp_path / "token"),
        server_name="kube",
    )


def test_of_several_files_the_first_is_heard_first(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.write_text(yaml.safe_dump({"clusters": [{"name": "c", "cluster": {"server": "https://first"}}]}))
    second = write(tmp_path / "second")
    assert load(first, tmp_path / "none", second).server == "https://first"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a kubeconfig"),
        ("a: [", "kubeconfig"),
        ("{}", "no current-context"),
        ("current-context: x", 'no context "x"'),
        ("{current-context: x, contexts: [{name: x, context: {cluster: c}}]}", 'no cluster "c"'),
        ("{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c}]}", "no server"),
    ],
)
def test_a_file_of_no_use_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(NoTargetError, match=said):
        load(path)


def test_what_is_not_supported_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match=r"user\.exec is not supported"):
        load(write(tmp_path / "config", user={"exec": {"command": "aws"}}))


def test_a_ca_that_is_no_base64_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="certificate-authority"):
        load(write(tmp_path / "config", cluster={"server": "https://c", "certificate-authority-data": "?"}))


def test_the_target_is_the_first_that_is_named(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    with pytest.raises(NoTargetError, match="service account"):
        find_target(environment=environment)
    write_kubeconfig(user_kubeconfig(environment), "http://up")
    assert find_target(environment=environment).server == "http://up"
    environment["KUBECONFIG"] = f"{tmp_path / 'none'}:{write(tmp_path / 'env', cluster={'server': 'http://env'})}"
    assert find_target(environment=environment).server == "http://env"
    given = str(write(tmp_path / "given", cluster={"server": "http://given"}))
    assert find_target(kubeconfig=given, environment=environment).server == "http://given"
    assert find_target("127.0.0.1:8001", given, environment).server == "http://127.0.0.1:8001"


def test_without_any_target_the_text_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="turnout up"):
        find_target(environment={"XDG_STATE_HOME": str(tmp_path)})


def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    (tmp_path / "namespace").write_text("mine")
    (tmp_path / "ca.crt").write_text("CA")
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert in_cluster(environment, tmp_path) == Target(
        "https://10.0.0.1:6443", namespace="mine", authority="CA", token_file=str(tmp_path / "token")
    )


def test_an_address_that_is_this_users_own_is_met_with_its_credentials(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    write_kubeconfig(user_kubeconfig(environment), "https://127.0.0.1:8001", token="secret", authority="CA")

    own = find_target("https://127.0.0.1:8001/", environment=environment)
    other = find_target("https://127.0.0.1:8002", environment=environment)

    assert (own.token, own.authority) == ("secret", "CA")
    assert (other.token, other.authority) == ("", "")
