"""What the health page says about the way out."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.contacts.models import Contact
from apps.core import clock
from apps.core.findings import Level
from apps.outbox import health
from apps.outbox.models import OutboundMessage
from apps.providers.models import Account, Number
from tests.outbox.conftest import Say

pytestmark = pytest.mark.django_db


def broken(number: Number) -> None:
    Account.objects.filter(pk=number.account_id).update(state=Account.State.BROKEN)


def slowed(number: Number) -> None:
    Number.objects.filter(pk=number.pk).update(slow_until=clock.now() + timedelta(minutes=1))


def only_just_free(number: Number) -> None:
    Number.objects.filter(pk=number.pk).update(slow_until=clock.now() - timedelta(seconds=5))


def free_for_long(number: Number) -> None:
    Number.objects.filter(pk=number.pk).update(slow_until=clock.now() - timedelta(minutes=5))


@pytest.mark.parametrize(
    ("happens", "level"),
    [
        (lambda number: None, Level.RED),
        (free_for_long, Level.RED),
        (broken, Level.GREEN),
        (slowed, Level.GREEN),
        (only_just_free, Level.GREEN),
    ],
)
def test_only_what_could_have_left_makes_an_alarm(
    number: Number, ana: Contact, say: Say, happens: Callable[[Number], None], level: Level
) -> None:
    """A broken account and a number that its carrier slowed have their own lines: no process stands still for them."""
    message = say(ana)
    OutboundMessage.objects.filter(pk=message.pk).update(not_before=clock.now() - timedelta(minutes=3))
    happens(number)
    assert [finding.level for finding in health.leaving()] == [level]
