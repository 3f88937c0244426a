"""One running demo for all stories."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demo.sandbox import Sandbox
from portal.tour.driver import Narrator, Stage
from tests.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # Not pytest's own folder: another pytest of the same user prunes it while this one runs for minutes.
    with tempfile.TemporaryDirectory(prefix="recado-flows-") as folder, Stack(Path(folder) / "var") as running:
        yield running


@pytest.fixture
def stage(stack: Stack) -> Stage:
    notes = stack.notes()
    return Stage(Sandbox(notes["sandbox_url"]), Narrator(tell=print), notes)
