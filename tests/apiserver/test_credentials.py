"""What an API keeps to be trusted by its clients, and for how long."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from turnout.apiserver import certificates
from turnout.apiserver.credentials import CredentialsFolder, names_for, server_context

NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = ("127.0.0.1", "::1", "localhost", "gateway.example")


def test_credentials_are_kept_as_they_are(tmp_path: Path) -> None:
    first = CredentialsFolder(tmp_path / "a").keep(NAMES, NOW)

    assert CredentialsFolder(tmp_path / "a").keep(NAMES, NOW + timedelta(days=300)) == first


def test_two_folders_have_nothing_in_common(tmp_path: Path) -> None:
    one, two = (CredentialsFolder(tmp_path / name).keep(NAMES, NOW) for name in ("a", "b"))

    assert one.token != two.token
    assert one.authority != two.authority
    assert len(one.token) >= 43  # 32 bytes in base64


def test_everything_is_readable_by_this_user_alone(tmp_path: Path) -> None:
    CredentialsFolder(tmp_path / "state" / "a").keep(NAMES, NOW)

    for folder in (tmp_path / "state", tmp_path / "state" / "a"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list((tmp_path / "state" / "a").iterdir())
    assert {each.name for each in files} == {"ca.pem", "server.pem", "token"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_a_certificate_that_ends_soon_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    folder = CredentialsFolder(tmp_path)
    old = folder.keep(NAMES, NOW)

    new = folder.keep(NAMES, NOW + timedelta(days=340))

    assert new.certificate != old.certificate
    assert (new.authority, new.token) == (old.authority, old.token)
    assert certificates.signed_by(new.certificate, old.authority)


def test_an_authority_that_ends_soon_is_replaced_at_a_start_only(tmp_path: Path) -> None:
    folder = CredentialsFolder(tmp_path)
    old = folder.keep(NAMES, NOW)
    late = NOW + certificates.AUTHORITY_LIFE - timedelta(days=100)

    assert folder.keep(NAMES, late, same_authority=True).authority == old.authority
    new = folder.keep(NAMES, late)

    assert new.authority != old.authority
    assert certificates.signed_by(new.certificate, new.authority)
    assert not certificates.signed_by(new.certificate, old.authority)


def test_a_new_name_makes_a_new_certificate(tmp_path: Path) -> None:
    folder = CredentialsFolder(tmp_path)
    old = folder.keep(NAMES, NOW)

    new = folder.keep((*NAMES, "192.0.2.7"), NOW)

    assert certificates.names_of(old.certificate) == set(NAMES)
    assert certificates.names_of(new.certificate) == {*NAMES, "192.0.2.7"}
    assert folder.keep(NAMES, NOW) == new  # fewer names need no other


BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("damage", ["", "-----BEGIN CERTIFICATE-----\n", BROKEN, f"{BROKEN}key"])
@pytest.mark.parametrize("name", ["server.pem", "ca.pem"])
def test_a_file_that_was_damaged_is_made_anew(tmp_path: Path, name: str, damage: str) -> None:
    folder = CredentialsFolder(tmp_path)
    folder.keep(NAMES, NOW)
    (tmp_path / name).write_text(damage)
    (tmp_path / "token").write_text("")

    kept = folder.keep(NAMES, NOW)
    assert certificates.signed_by(kept.certificate, kept.authority)
    assert kept.token
    assert folder.keep(NAMES, NOW) == kept


def test_a_certificate_with_anothers_key_is_made_anew(tmp_path: Path) -> None:
    one, two = (CredentialsFolder(tmp_path / name) for name in ("a", "b"))
    kept, other = one.keep(NAMES, NOW), two.keep(NAMES, NOW)
    (tmp_path / "a" / "server.pem").write_text(kept.certificate + other.key)

    assert one.keep(NAMES, NOW).certificate != kept.certificate


def test_a_server_is_called_by_loopback_and_by_what_it_is_bound_to() -> None:
    assert {"127.0.0.1", "::1", "localhost", "192.0.2.7", "gateway.example"} <= names_for(
        "192.0.2.7", "Gateway.example"
    )


def test_the_context_speaks_modern_tls_only(tmp_path: Path) -> None:
    folder = CredentialsFolder(tmp_path)
    folder.keep(NAMES, NOW)

    assert server_context(folder).minimum_version == ssl.TLSVersion.TLSv1_2
