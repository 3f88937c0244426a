"""Writing messages down: what it costs, one row per key, parts of a long text, many at once."""

from collections import Counter

import pytest
from django.db import connection, transaction

from apps.contacts.models import Contact
from apps.core.clock import now
from apps.core.errors import Misconfigured
from apps.journal.models import Entry
from apps.outbox import services
from apps.outbox.models import Button, OutboundMessage
from apps.outbox.planning import inserting, shaping
from apps.outbox.sending import dispatcher, sweeper
from apps.outbox.services import Letter
from apps.providers.models import Number
from apps.providers.types import Buttons, MediaMessage, ReplyButton, Text
from tests.conftest import Clock
from tests.factories import make_contact, make_employee
from tests.outbox.conftest import YES_NO, Say, fresh, write_in, writer
from tests.outbox.graph import Graph
from tests.outbox.test_planner_rows import queries_of
from tests.racing import race

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


# --- cost -------------------------------------------------------------------------------------------------------------


def test_a_reply_costs_three_statements(ana: Contact, say: Say) -> None:
    with transaction.atomic():
        spent = queries_of(lambda: say(ana, is_reply=True, content=Text("Done.")))
    assert len(spent) == 3, "\n".join(spent)


def test_a_question_with_buttons_by_template_costs_seven(bia: Contact, say: Say) -> None:
    assert bia.employee
    with transaction.atomic():
        spent = queries_of(lambda: say(bia, kind="test.asked", buttons=YES_NO))
    assert len(spent) <= 7, "\n".join(spent)


def test_many_cost_as_much_as_few(number: Number) -> None:
    people = [make_contact(make_employee(), last_inbound_at=None) for _ in range(32)]

    def enqueue(those: list[Contact]) -> None:
        letters = [Letter(f"test:many:{one.pk}", one.pk, {"what": one.phone}, YES_NO) for one in those]
        with transaction.atomic():
            services.enqueue_many(kind="test.asked", letters=letters, campaign="test", number=number)

    few, many = queries_of(lambda: enqueue(people[:2])), queries_of(lambda: enqueue(people[2:]))
    assert len(few) == len(many) <= 12, "\n".join(many)


# --- one row per key --------------------------------------------------------------------------------------------------


def test_the_same_key_is_the_same_row_whatever_else_is_said(ana: Contact, bia: Contact, say: Say) -> None:
    first = say(ana, "One", key="same", kind="test.asked", buttons=YES_NO)
    again = say(bia, "x" * 9000, key="same", kind="test.chat")
    assert (again.pk, again.contact_id, again.data) == (first.pk, ana.pk, {"text": "One", "what": "One"})
    assert (OutboundMessage.objects.count(), Button.objects.count()) == (1, 2)
    assert Entry.objects.filter(name="outbound.queued").count() == 1


def test_long_keys_that_begin_alike_are_two(ana: Contact, say: Say) -> None:
    assert say(ana, key="k" * 500 + "a").pk != say(ana, key="k" * 500 + "b").pk
    assert say(ana, key="k" * 500 + "a").pk == OutboundMessage.objects.order_by("id").values_list("pk", flat=True)[0]


def test_a_key_that_stands_twice_in_one_statement_is_written_once(ana: Contact, number: Number) -> None:
    letters = [Letter("twice", ana.pk, {"text": "1"}), Letter("twice", ana.pk, {"text": "2"})]
    done = services.enqueue_many(kind="test.news", letters=letters, campaign="c", number=number)
    assert (done.new, done.known) == (1, 1)
    assert OutboundMessage.objects.get().data == {"text": "1"}


def test_rows_keep_their_order_and_every_column(ana: Contact, number: Number, say: Say) -> None:
    model = say(ana, kind="test.asked", buttons=YES_NO)
    copies = [OutboundMessage.objects.get(pk=model.pk) for _ in range(50)]
    for place, copy in enumerate(copies):
        copy.pk, copy.key, copy.remote_id = None, f"copy:{place:02}", f"wamid.{place}"
    assert inserting.insert_new(copies) == copies
    kept = list(OutboundMessage.objects.exclude(pk=model.pk).order_by("id"))
    assert [row.key for row in kept] == sorted(row.key for row in copies)
    skipped = {"id", "key", "remote_id"}
    for field in OutboundMessage._meta.concrete_fields:
        if field.attname not in skipped:
            assert {repr(getattr(row, field.attname)) for row in kept} == {repr(getattr(fresh(model), field.attname))}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory is one connection")
def test_two_who_write_the_same_key_at_once_get_one_row(number: Number, ana: Contact, say: Say) -> None:
    found = race(*[lambda: say(Contact.objects.get(pk=ana.pk), "x" * 5000, key="race").pk] * 4)
    assert len(set(found)) == 1
    assert sorted(OutboundMessage.objects.values_list("key", flat=True)) == ["race", "race/1"]


def test_what_cannot_be_sent_at_all_leaves_the_caller_s_transaction_whole(ana: Contact) -> None:
    OutboundMessage.objects.all().delete()
    Number.objects.update(is_default=False)
    Number.objects.create(account=Number.objects.get().account, remote_id="second", phone="+551")
    with transaction.atomic():
        with pytest.raises(Misconfigured):
            services.enqueue(key="k", contact=ana, kind="test.chat", data={"text": "x"})
        with pytest.raises(LookupError):
            services.enqueue(key="k", contact=ana, kind="test.nothing", data={})
        assert Contact.objects.filter(pk=ana.pk).exists()


# --- long texts -------------------------------------------------------------------------------------------------------

STORY = "\n\n".join(f"Paragraph {place}. " + "Words and words. " * 12 for place in range(50))


def said(graph: Graph) -> list[str]:
    for _round in range(12):
        dispatcher.run()
    return graph.texts()


def words(texts: list[str]) -> list[str]:
    return " ".join(texts).split()


def test_a_long_text_goes_out_in_parts_in_order_and_loses_nothing(graph: Graph, ana: Contact, say: Say) -> None:
    message = say(ana, content=Text(STORY), key="long", is_reply=True)
    assert message.key == "long"
    texts = said(graph)
    assert words(texts) == STORY.split()
    assert all(len(text) <= 4096 for text in texts)
    assert [text.startswith("Paragraph") for text in texts] == [True] * len(texts)
    assert len(texts) == OutboundMessage.objects.count() == 3


def test_buttons_stand_under_the_last_part(graph: Graph, ana: Contact, say: Say) -> None:
    given = Buttons(STORY[:3000], (ReplyButton("id", "Go"),))
    say(ana, content=given)
    texts = said(graph)
    assert words(texts) == STORY[:3000].split()
    assert [body["type"] for body in graph.accepted] == ["text", "interactive"]
    assert 500 < len(texts[1]) <= 1024


def test_our_own_wording_is_divided_too_and_keeps_its_buttons(graph: Graph, ana: Contact, say: Say) -> None:
    message = say(ana, STORY[:2000], kind="test.asked", buttons=YES_NO)
    assert OutboundMessage.objects.count() == 2
    texts = said(graph)
    assert words(texts) == f"May we buy {STORY[:2000]}?".split()
    assert [body["type"] for body in graph.accepted] == ["text", "interactive"]
    assert fresh(message).text == texts[1]
    assert say(ana, STORY[:2000], key=message.key, kind="test.asked").pk == message.pk
    assert OutboundMessage.objects.count() == 2


def test_a_template_needs_no_parts(bia: Contact, say: Say) -> None:
    message = say(bia, STORY, kind="test.asked", buttons=YES_NO)
    assert (message.state, OutboundMessage.objects.count()) == (State.QUEUED, 1)
    assert len(message.text) <= 1024


def test_a_repeated_key_adds_no_parts_to_a_message_that_had_none(
    number: Number, bia: Contact, say: Say, clock: Clock
) -> None:
    first = say(bia, STORY, key="k", kind="test.asked", buttons=YES_NO)
    write_in(bia, number)
    assert say(bia, STORY, key="k", kind="test.asked", buttons=YES_NO).pk == first.pk
    assert OutboundMessage.objects.count() == 1


def test_parts_wait_together_and_leave_in_order(graph: Graph, number: Number, bia: Contact, say: Say) -> None:
    say(bia, content=Text(STORY))
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {State.HELD}
    write_in(bia, number)
    assert words(said(graph)) == STORY.split()


def test_a_caption_s_beginning_goes_ahead_of_its_picture(ana: Contact, say: Say) -> None:
    message = say(ana, content=MediaMessage("image", 1, STORY[:2000]))
    ahead = OutboundMessage.objects.exclude(pk=message.pk).get()
    assert ahead.pk < message.pk
    assert words([ahead.text, message.text]) == STORY[:2000].split()


@pytest.mark.parametrize("text", ["", " ", "x" * 4097, "x" * 100_000, "\n\n" * 9000, "a b " * 20_000, "é" * 5000])
@pytest.mark.parametrize("last", [shaping.BODY, shaping.TEXT])
def test_every_text_splits_into_parts_that_fit(text: str, last: int) -> None:
    *ahead, tail = shaping.split(text, last)
    assert len(tail) <= last
    assert all(0 < len(part) <= shaping.TEXT for part in ahead)
    assert len(ahead) < shaping.PARTS
    kept = "".join([*ahead, tail]).replace(" ", "")
    assert kept == text.strip().replace(" ", "") or (kept.endswith("…") and len(ahead) == shaping.PARTS - 1)


# --- campaigns --------------------------------------------------------------------------------------------------------


def test_a_campaign_goes_on_where_it_stopped(number: Number, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK", 10)
    people = [writer(number) if place % 2 else make_contact(make_employee(), consents=()) for place in range(25)]

    def letters(until: int) -> list[Letter]:
        return [Letter(f"news:{one.pk}", one.pk, {"text": "Hello"}) for one in people[:until]]

    first = services.enqueue_many(kind="test.news", letters=iter(letters(13)), campaign="news:1")
    assert (first.new, first.known) == (13, 0)
    again = services.enqueue_many(kind="test.news", letters=letters(25), campaign="news:1")
    assert (again.new, again.known) == (12, 13)
    rows = OutboundMessage.objects.order_by("id")
    assert [row.contact_id for row in rows] == [one.pk for one in people]
    assert Counter(row.state for row in rows) == {"queued": 12, "held": 13}
    assert {row.campaign for row in rows} == {"news:1"}
    assert Entry.objects.filter(name="outbound.queued").count() == 25
    assert set(again.states) == {"queued", "held"}


def test_a_campaign_of_very_long_texts_fits_its_statements(number: Number) -> None:
    people = [writer(number) for _ in range(60)]
    letters = [Letter(f"long:{one.pk}", one.pk, {"text": "x" * 45_000}) for one in people]
    assert services.enqueue_many(kind="test.chat", letters=letters, campaign="long").new == 60
    rows = OutboundMessage.objects.filter(contact=people[-1]).order_by("id")
    assert [row.key for row in rows] == [
        *(f"long:{people[-1].pk}/{part}" for part in range(1, 10)),
        f"long:{people[-1].pk}",
    ]


def test_a_leaver_s_letter_is_cancelled_and_its_end_recorded(number: Number) -> None:
    gone = make_contact(make_employee(state="left"))
    done = services.enqueue_many(kind="test.news", letters=[Letter("k", gone.pk)], campaign="c")
    assert dict(done.states) == {"cancelled": 1}
    assert Entry.objects.filter(name="outbound.cancelled").count() == 1


def test_who_opens_a_conversation_is_marked(number: Number, ana: Contact, bia: Contact, say: Say, clock: Clock) -> None:
    inside, outside = say(ana, kind="test.news"), say(bia, kind="test.news")
    assert (inside.opens, outside.opens) == (False, True)
    write_in(bia, number)
    sweeper.sweep()
    dispatcher.run()
    assert fresh(outside).opens is False
    assert fresh(outside).sent_at is not None
    assert now() >= fresh(outside).created_at
