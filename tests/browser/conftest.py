"""One running demo, and a real Chromium that complains about everything a person would."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.desk import Look
from tests.stack import Stack

expect.set_options(timeout=20_000)  # as long as a page may take on a busy machine (tests/browser/desk.py)
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("browser") / "var") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def look(browser: Browser, stack: Stack, tmp_path: Path) -> Iterator[Look]:
    """Opens windows; `SCREENSHOTS` names the folder for the pictures that the documentation shows."""
    folder = Path(os.environ.get("SCREENSHOTS", str(tmp_path)))
    folder.mkdir(parents=True, exist_ok=True)
    looker = Look(browser, stack.notes(), folder)
    yield looker
    looker.close()
    assert not looker.complaints, "\n".join(looker.complaints)


@pytest.fixture
def page(look: Look) -> Page:
    return look.open()
