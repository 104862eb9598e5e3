"""One running gateway per module of cases."""

from collections.abc import Iterator

import pytest

from tests.support.conformance import Stage, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A real `turnout up` before echoing model servers."""
    with staged(tmp_path_factory.mktemp("conformance")) as running:
        yield running
