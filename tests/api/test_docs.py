"""Every curl command of docs/api.md does what the page says."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from apps.calendars.models import WorkCalendar
from apps.people.models import Employee, Team
from apps.people.scopes import scopes
from tests.api.callers import EVERY, token_for
from tests.factories import make_employee

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def filled(line: str, known: dict[str, str]) -> list[str]:
    """A command's words, with `$NAMES` put in as the shell would."""
    return [re.sub(r"\$(\w+)", lambda name: known[name[1]], word) for word in shlex.split(line)]


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip()]


@pytest.mark.django_db(transaction=True)
def test_every_command_of_the_page_works(live_server) -> None:
    """In their order: what one makes, the next ones use."""
    known = {"BASE": live_server.url, "KEY": token_for(None, *EVERY), "SCIM_KEY": token_for(None, "scim")}
    assert len(commands()) > 12
    make_employee("Somebody")
    for line in commands():
        person, team = Employee.objects.filter(number="4711").first(), Team.objects.first()
        known |= {"ID": str(person.pk if person else ""), "TEAM": str(team.pk if team else ""),
                  "CALENDAR": str(getattr(WorkCalendar.objects.filter(name="Warehouse").first(), "pk", ""))}  # fmt: skip
        done = subprocess.run(
            [*filled(line, known), "-o", "/dev/null", "-w", "%{http_code}"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.stdout in {"200", "201", "204"}, (line, done.stdout, done.stderr)
    ana = Employee.objects.get(number="4711")
    assert (ana.phone, ana.position, ana.state) == ("+5511912345678", "Driver", "active")
    assert Employee.objects.filter(number="bia@example.com").exists()


def test_the_page_names_every_scope() -> None:
    assert [name for name, _title in scopes if f"`{name}`" not in PAGE] == []
