"""Windows and consent as pure rules."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.contacts import consent, window
from apps.providers.kinds import Klass

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "is_open"),
    [(timedelta(0), True), (timedelta(hours=23, minutes=59, seconds=59), True), (timedelta(hours=24), False),
     (timedelta(days=9), False)],
)  # fmt: skip
def test_a_window_is_open_for_a_day(ago: timedelta, is_open: bool) -> None:
    assert window.is_open(NOW - ago, NOW) is is_open


def test_who_never_wrote_has_no_window() -> None:
    assert not window.is_open(None, NOW)
    assert window.closes_at(None) is None
    assert window.closes_at(NOW) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("klass", "without", "with_yes", "after_stop"),
    [
        (Klass.SECURITY, True, True, True),
        (Klass.SAFETY, True, True, True),
        (Klass.MY_REQUESTS, True, True, True),
        (Klass.WORK, False, True, False),
        (Klass.REMINDER, False, True, False),
        (Klass.ANNOUNCEMENT, False, True, False),
    ],
)
def test_what_may_be_sent_by_class(klass: Klass, without: bool, with_yes: bool, after_stop: bool) -> None:
    assert consent.allows(klass, {}, False) is without
    assert consent.allows(klass, {klass: False}, False) is without
    assert consent.allows(klass, {klass: True}, False) is with_yes
    assert consent.allows(klass, {klass: True}, True) is after_stop


def test_every_class_has_a_rule_and_its_reason() -> None:
    assert set(consent.RULES) == {str(klass) for klass in Klass}
    assert all(rule.reason.endswith(".") for rule in consent.RULES.values())


def test_an_unknown_class_needs_consent_and_is_stopped() -> None:
    assert not consent.allows("mystery", {}, False)
    assert not consent.allows("mystery", {"mystery": True}, True)


def test_a_yes_to_one_class_is_no_yes_to_another() -> None:
    assert not consent.allows(Klass.REMINDER, {Klass.WORK: True}, False)
