"""One running demo for all stories."""

from collections.abc import Iterator

import pytest

from portal.demo.sandbox import Sandbox
from portal.tour.driver import Narrator, Stage
from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("demo") / "var") as running:
        yield running


@pytest.fixture
def stage(stack: Stack) -> Stage:
    notes = stack.notes()
    return Stage(Sandbox(notes["sandbox_url"]), Narrator(tell=print), notes)
