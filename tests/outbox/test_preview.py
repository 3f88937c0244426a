"""The preview tells what would happen, and does not make it happen."""

import os
import time as real_time
from collections import Counter
from datetime import time, timedelta
from typing import Any

import pytest

from apps.calendars.models import WorkCalendar
from apps.contacts import services as contacts
from apps.contacts.models import Consent, Contact, Window
from apps.core.clock import now
from apps.journal.models import Entry
from apps.outbox import reasons, services
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import preview
from apps.outbox.planning.preview import Preview
from apps.outbox.services import Letter
from apps.people.models import Employee
from apps.providers.models import Approval, Number, Portfolio
from tests.conftest import Clock
from tests.factories import make_contact, make_employee
from tests.outbox.conftest import YES_NO, writer
from tests.outbox.test_knocking import approve_knock
from tests.outbox.test_planner_quiet import SAO_PAULO, go_to
from tests.outbox.test_planner_rows import queries_of

pytestmark = pytest.mark.django_db


def a_crowd(number: Number) -> list[Contact]:
    """Of every sort: in and out of the window, stopped, unasked, strangers, leavers, three languages."""
    crowd = []
    for place in range(24):
        language = ("en", "pt-br", "es")[place % 3]
        employee = make_employee(language=language)
        if place % 6 == 0:
            crowd.append(writer(number, language=language))
        elif place % 6 == 1:
            crowd.append(make_contact(employee, consents=()))
        elif place % 6 == 2:
            stopped = make_contact(employee)
            contacts.stop(contact=stopped, wording="STOP", proof="w")
            crowd.append(stopped)
        elif place == 3:
            crowd.append(make_contact())
        elif place == 4:
            crowd.append(make_contact(make_employee(state="left")))
        else:
            crowd.append(make_contact(employee))
    return crowd


def everybody(crowd: list[Contact]) -> Any:
    return Contact.objects.filter(pk__in=[one.pk for one in crowd])


def told(found: Preview) -> dict[str, int]:
    """By how and reason, as the rows themselves would say it."""
    counts = {
        "free": found.free,
        "template": found.template,
        reasons.KNOCKED: found.knock,
        **found.held,
        **found.excluded,
    }
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("kind", ["test.asked", "test.news", "test.chat", "test.page"])
@pytest.mark.parametrize("can_knock", [True, False])
def test_it_says_what_then_happens(number: Number, kind: str, can_knock: bool) -> None:
    if can_knock:
        approve_knock(number.account)
    Approval.objects.filter(translation__language="en", name="test_asked").update(state=Approval.State.PAUSED)
    crowd = a_crowd(number)
    buttons = YES_NO if kind == "test.asked" else ()
    found = preview.preview(kind=kind, contacts=everybody(crowd), data={"text": "Hi", "what": "x"}, buttons=buttons)
    letters = [Letter(f"k{one.pk}", one.pk, {"text": "Hi", "what": "x"}, buttons) for one in crowd]
    services.enqueue_many(kind=kind, letters=letters, campaign="c")
    rows = OutboundMessage.objects.filter(kind=kind)
    assert told(found) == Counter(row.held_reason or row.how for row in rows)
    assert found.total == len(crowd)
    knocked = {row.contact_id for row in OutboundMessage.objects.filter(kind="outbox.knock")}
    assert found.opens == sum(row.opens for row in rows) + len(knocked)


def test_it_writes_nothing_and_asks_as_much_of_few_as_of_a_chunk(number: Number) -> None:
    approve_knock(number.account)
    crowd = everybody(a_crowd(number))
    before = (OutboundMessage.objects.count(), Entry.objects.count())

    def ask(people: Any) -> list[str]:
        return queries_of(
            lambda: preview.preview(kind="test.asked", contacts=people, data={"what": "x"}, buttons=YES_NO)
        )

    few, many = ask([one.pk for one in crowd[:4]]), ask([one.pk for one in crowd])
    assert len(few) == len(many) <= 9, "\n".join(many)
    assert not [sql for sql in [*few, *many] if not sql.lstrip().startswith("SELECT")]
    assert (OutboundMessage.objects.count(), Entry.objects.count()) == before


def test_chunks_add_up_and_everybody_counts_once(number: Number, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = everybody(a_crowd(number))
    whole = preview.preview(kind="test.news", contacts=crowd)
    monkeypatch.setattr(preview, "CHUNK", 5)
    ids = [one.pk for one in crowd]
    asked: list[Any] = [crowd, crowd.order_by("-phone"), ids + ids, [*ids, 10**9], iter(ids), crowd.order_by("pk")[:24]]
    for people in asked:
        assert told(preview.preview(kind="test.news", contacts=people)) == told(whole)
    assert preview.preview(kind="test.news", contacts=[]) == Preview()
    assert preview.preview(kind="test.news", contacts=Contact.objects.none()) == Preview()


def test_it_counts_the_languages_that_people_will_read(number: Number) -> None:
    crowd = [make_contact(make_employee(language=language)) for language in ("en", "pt-br", "pt-br", "es")]
    found = preview.preview(kind="test.asked", contacts=everybody(crowd), data={"what": "x"})
    assert found.languages == {"en": 2, "pt-br": 2}
    texts = preview.preview(kind="test.chat", contacts=[writer(number, language="es").pk], data={"text": "x"})
    assert texts.languages == {"es": 1}


def test_reasons_come_with_sentences_most_frequent_first(number: Number) -> None:
    people = [make_contact(make_employee(), consents=()) for _ in range(3)] + [make_contact()]
    lines = preview.preview(kind="test.news", contacts=everybody(people)).lines()
    assert [(line.reason, line.count) for line in lines] == [(reasons.NO_CONSENT, 3), (reasons.NOT_LINKED, 1)]
    assert all(len(line.sentence) > 40 and line.label for line in lines)


class Unspeakable:
    """A value that cannot be put into a text."""

    def __str__(self) -> str:
        raise ValueError


def test_what_cannot_be_put_together_is_counted_apart_and_stops_nothing(number: Number) -> None:
    people = [writer(number).pk, writer(number).pk]
    assert told(preview.preview(kind="test.chat", contacts=people, data={"text": Unspeakable()})) == {
        reasons.UNPLANNABLE: 2
    }


# --- when -------------------------------------------------------------------------------------------------------------


def test_nothing_that_leaves_by_itself_has_no_end(number: Number) -> None:
    assert preview.preview(kind="test.news", contacts=[make_contact().pk]).finish is None


def test_few_are_out_within_a_second(number: Number) -> None:
    person, before = writer(number), now()
    found = preview.preview(kind="test.news", contacts=[person.pk])
    assert found.finish is not None
    assert before < found.finish < now() + timedelta(seconds=1)


def test_the_morning_is_the_earliest_end_of_what_waits_for_it(number: Number, clock: Clock) -> None:
    WorkCalendar.objects.create(name="Nights", country="BR", quiet_from=time(21), quiet_until=time(7), is_default=True)
    night = go_to(clock, SAO_PAULO, weekday=1, at=time(23))
    crowd = [make_contact(make_employee(time_zone=SAO_PAULO)) for _ in range(3)]
    crowd.append(make_contact(make_employee(time_zone="Pacific/Auckland")))
    found = preview.preview(kind="test.news", contacts=everybody(crowd))
    assert told(found) == {"template": 1, reasons.QUIET_HOURS: 3}
    assert found.opens == 4
    assert found.finish == night + timedelta(hours=8)


def test_a_full_tier_takes_the_days_that_it_takes(number: Number) -> None:
    Portfolio.objects.update(tier=10, reserve_percent=0)
    number.account.portfolio.refresh_from_db()
    crowd = [make_contact(make_employee()) for _ in range(25)]
    found = preview.preview(kind="test.news", contacts=everybody(crowd), number=number)
    assert (found.opens, found.template) == (25, 25)
    assert found.finish is not None
    # Ten today, ten tomorrow, five the day after.
    assert abs(found.finish - now() - timedelta(days=2)) < timedelta(minutes=5)


@pytest.fixture
def very_many(number: Number) -> int:
    """As many people as RECADO_PREVIEW says, else 2,000, half of whom wrote today."""
    size = int(os.environ.get("RECADO_PREVIEW", "2000"))
    people = Employee.objects.bulk_create(
        [Employee(number=f"V{place}", name=f"P {place}", language=("en", "pt-br")[place % 2]) for place in range(size)],
        batch_size=1000,
    )
    rows = Contact.objects.bulk_create(
        [Contact(employee=one, phone=f"+5521{place:09}") for place, one in enumerate(people)], batch_size=1000
    )
    Consent.objects.bulk_create(
        [Consent(contact=one, klass="announcement", is_given=True, wording="Y", source="t") for one in rows],
        batch_size=1000,
    )
    Window.objects.bulk_create(
        [Window(contact=one, number=number, last_inbound_at=now()) for one in rows[::2]], batch_size=1000
    )
    return size


def test_very_many_are_counted_right_in_bounded_time(number: Number, very_many: int) -> None:
    started = real_time.perf_counter()
    found = preview.preview(kind="test.news", contacts=Contact.objects.all(), data={"text": "Hello"})
    seconds = real_time.perf_counter() - started
    print(f"{very_many} people in {seconds:.2f} s, {seconds / very_many * 1e6:.0f} µs each")
    assert (found.free, found.template, found.total) == (very_many // 2, very_many // 2, very_many)
    assert seconds / very_many < 0.003  # about a tenth of that on an idle machine
