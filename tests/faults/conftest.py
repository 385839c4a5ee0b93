"""A site of its own for each module that breaks one; those that need another bring their own fixture."""

from collections.abc import Iterator

import pytest

from tests.faults.site import Breakable, breakable_site


@pytest.fixture(scope="module")
def broken(request: pytest.FixtureRequest) -> Iterator[Breakable]:
    with breakable_site(request.module.__name__.rpartition("test_")[2]) as broken:
        yield broken
