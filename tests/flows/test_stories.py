"""The stories of the tour, against the real stack: real HTTP, real workers, real database."""

import subprocess
import sys

import pytest
import requests

from portal.tour.driver import Stage
from portal.tour.stories import STORIES
from tests.stack import BASE_DIR, Stack

pytestmark = pytest.mark.flows


@pytest.mark.parametrize("number", sorted(STORIES))
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_story_plays_whenever_it_is_asked_for(number: int, time: str, stage: Stage) -> None:
    STORIES[number].play(stage)


def test_the_tour_command_ends_with_zero(stack: Stack) -> None:
    said = stack.run("manage.py", "tour", "--story", "3", seconds=240)
    assert "steps were right" in said


def test_the_tour_command_names_the_first_thing_that_is_wrong(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "tour", "--base-url", "http://127.0.0.1:9"], cwd=BASE_DIR, text=True,
        env={**stack.env, "SECRET_KEY": "x", "ENCRYPTION_KEYS": "x"}, capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "✗" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_health_pages_answer(stack: Stack) -> None:
    for page in ("livez", "readyz"):
        assert requests.get(f"{stack.notes()['base_url']}/{page}", timeout=10).status_code == 200
