"""What it takes to speak to a model server is never shown."""

import ssl

import pytest

from turnout.channels import TablePart
from turnout.channels.credentials import Credentials, client_context, credentials_of
from turnout.table import Access, RoutingTable, Sealed


def test_nothing_secret_is_shown() -> None:
    table = RoutingTable(vault={"k": Sealed(b"sk-1")})
    found = credentials_of(table, Access(key="k"))
    assert found == Credentials(key=b"sk-1")
    assert "sk-1" not in f"{table!r} {found!r} {TablePart('sealed/k', b'sk-1')!r}"


def test_what_the_table_lacks_makes_no_credentials() -> None:
    assert credentials_of(RoutingTable(), Access(tls=True, ca="gone")) is None


def test_a_client_verifies_and_speaks_no_old_tls() -> None:
    context = client_context(b"")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_what_is_no_certificate_makes_no_context() -> None:
    with pytest.raises(ValueError, match="no certificates of authorities"):
        client_context(b"nothing")
