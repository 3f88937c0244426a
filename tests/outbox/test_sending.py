"""From a row to the carrier and back, over real HTTP on loopback."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.contacts.models import Consent, Contact
from apps.core import clock
from apps.files import services as files
from apps.journal.models import Entry
from apps.outbox import opaque, reasons, services
from apps.outbox.models import Attempt, OutboundMessage
from apps.outbox.sending import claims, dispatcher, sweeper
from apps.outbox.sending.preparing import prepare
from apps.outbox.sending.saving import save
from apps.people.models import Employee
from apps.providers.models import Account, Approval, Number
from apps.providers.types import Buttons, MediaMessage, ReplyButton
from tests.conftest import Clock
from tests.factories import make_contact, make_identity
from tests.outbox.conftest import YES_NO, Say, alone, fresh, status, write_in, writer
from tests.outbox.graph import Graph

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


def names(message: OutboundMessage) -> list[str]:
    entries = Entry.objects.filter(subject_type="outbox.outboundmessage", subject_id=str(message.pk))
    return list(entries.order_by("id").values_list("name", flat=True))


def now() -> datetime:
    """For tests whose argument is called `clock`, too."""
    return clock.now()


# --- enqueue ----------------------------------------------------------------------------------------------------------


def test_a_repeated_key_is_the_same_message(ana: Contact, say: Say) -> None:
    first = say(ana, key="once", kind="test.asked", buttons=YES_NO)
    again = say(ana, "other words", key="once", kind="test.asked", buttons=YES_NO)
    assert again.pk == first.pk
    assert first.minted_buttons.count() == 2
    assert names(first) == ["outbound.queued"]


def test_a_key_of_any_length_is_one_key(ana: Contact, say: Say) -> None:
    assert say(ana, key="k" * 500).pk == say(ana, key="k" * 500).pk
    assert say(ana, key="k" * 500).pk != say(ana, key="k" * 499 + "j").pk


def test_an_open_window_sends_buttons_and_a_closed_one_the_template(
    graph: Graph, ana: Contact, bia: Contact, say: Say
) -> None:
    free = say(ana, "a chair", kind="test.asked", buttons=YES_NO)
    worded = say(bia, "a chair", kind="test.asked", buttons=YES_NO)
    dispatcher.run()
    by_to = {body["to"]: body for body in graph.accepted}
    shown = [button["reply"]["title"] for button in by_to[ana.phone]["interactive"]["action"]["buttons"]]
    assert shown == ["Yes", "No"]
    assert by_to[bia.phone]["template"]["name"] == "test_asked"
    assert (fresh(free).how, fresh(worded).how) == ("free", "template")
    assert {fresh(free).state, fresh(worded).state} == {State.SENT}
    assert fresh(worded).text == "May we buy a chair?"


def test_everybody_is_written_to_in_their_language(graph: Graph, number: Number, say: Say) -> None:
    caio = writer(number, "Caio", language="pt-br")
    say(caio, "uma cadeira", kind="test.asked", buttons=YES_NO)
    dispatcher.run()
    assert graph.texts() == ["Podemos comprar uma cadeira?"]


def test_a_person_with_a_hidden_phone_is_addressed_by_their_id(
    graph: Graph, number: Number, ana: Contact, say: Say
) -> None:
    ana.phone = ""
    ana.save()
    make_identity(ana, number.account.portfolio, "BR.1")
    say(ana)
    dispatcher.run()
    assert [body.get("recipient") for body in graph.accepted] == ["BR.1"]


def test_a_file_is_uploaded_first_and_only_once(graph: Graph, ana: Contact, say: Say) -> None:
    file = files.store(content=b"\x89PNG\r\n\x1a\n" + b"0" * 64, name="receipt.png", owner=None)
    graph.refuse(131000, times=1)
    message = say(ana, content=MediaMessage("image", file.pk, caption="Your receipt"))
    dispatcher.run()
    assert fresh(message).state == State.QUEUED
    OutboundMessage.objects.update(not_before=clock.now())
    dispatcher.run()
    assert fresh(message).state == State.SENT
    assert graph.accepted[0]["image"] == {"id": "media-1", "caption": "Your receipt"}
    assert len(graph.uploads) == 1


def test_a_file_that_is_gone_fails_its_message_alone(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    lost = say(ana, content=MediaMessage("image", 987654))
    other = say(writer(number))
    dispatcher.run()
    assert (fresh(lost).state, fresh(other).state) == (State.FAILED, State.SENT)
    assert "gone" in fresh(lost).error_text


# --- held -------------------------------------------------------------------------------------------------------------


def test_ready_content_waits_for_the_window_and_leaves_when_the_person_writes(
    graph: Graph, number: Number, bia: Contact, say: Say
) -> None:
    menu = say(bia, content=Buttons("What now?", (ReplyButton("m.1", "Report"),)))
    assert (menu.state, menu.held_reason) == (State.HELD, reasons.WINDOW_CLOSED)
    assert menu.text  # whoever looks at it reads what it would say
    dispatcher.run()
    assert graph.requests == []
    write_in(bia, number)
    dispatcher.run()
    assert graph.texts() == ["What now?"]


def test_consent_withdrawn_after_enqueue_is_respected_at_the_moment_of_sending(
    graph: Graph, ana: Contact, say: Say
) -> None:
    message = say(ana, kind="test.asked", buttons=YES_NO)
    assert message.state == State.QUEUED
    Consent.objects.create(contact=ana, klass="work", is_given=False, wording="No", source="test")
    dispatcher.run()
    assert graph.requests == []
    assert (fresh(message).state, fresh(message).held_reason) == (State.HELD, reasons.NO_CONSENT)


def test_a_leaver_gets_nothing_that_was_waiting(graph: Graph, ana: Contact, say: Say) -> None:
    message = say(ana, kind="test.asked", buttons=YES_NO)
    Employee.objects.update(state=Employee.State.LEFT)
    dispatcher.run()
    assert graph.requests == []
    assert fresh(message).state == State.CANCELLED
    assert names(message) == ["outbound.queued", "outbound.cancelled"]


def test_a_stranger_gets_the_polite_answer_and_nothing_else(graph: Graph, number: Number, say: Say) -> None:
    stranger = make_contact(None, last_inbound_at=clock.now(), number=number)
    say(stranger, "We do not know you.", is_reply=True)
    held = say(stranger, "Other", is_reply=False)
    dispatcher.run()
    assert graph.texts() == ["We do not know you."]
    assert fresh(held).held_reason == reasons.NOT_LINKED


def test_an_answer_older_than_ten_minutes_is_no_answer(graph: Graph, number: Number, clock: Clock, say: Say) -> None:
    stranger = make_contact(None, last_inbound_at=now(), number=number)
    message = say(stranger, "We do not know you.", is_reply=True)
    clock.wind(601)
    dispatcher.run()
    assert graph.requests == []
    assert fresh(message).held_reason == reasons.NOT_LINKED


def test_a_message_that_waited_too_long_expires_and_is_recorded_once(bia: Contact, say: Say, clock: Clock) -> None:
    message = say(bia, expires_at=None)
    clock.wind(timedelta(days=31).total_seconds())
    sweeper.sweep()
    sweeper.sweep()
    assert fresh(message).state == State.EXPIRED
    assert names(message) == ["outbound.queued", "outbound.expired"]


# --- order and fairness -----------------------------------------------------------------------------------------------


def test_one_person_gets_messages_in_order_and_one_at_a_time(graph: Graph, ana: Contact, say: Say) -> None:
    for text in "abcdef":
        say(ana, text)
    dispatcher.run()
    assert graph.texts() == list("abcdef")
    assert graph.most_at_once == 1


def test_several_people_are_sent_to_at_the_same_time(graph: Graph, number: Number, say: Say) -> None:
    meeting = threading.Barrier(4, timeout=10)

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        meeting.wait()  # breaks unless four sends are in flight together
        return graph.take(body)

    graph.answers["*"] = answer
    for _person in range(4):
        say(writer(number))
    assert dispatcher.run() == {Attempt.Outcome.ACCEPTED: 4}


def test_every_lane_has_a_place_and_the_urgent_one_the_first(number: Number, say: Say) -> None:
    bulk = [say(writer(number), kind="test.news") for _ in range(20)]
    replies = [say(writer(number), kind="test.chat") for _ in range(20)]
    pages = [say(writer(number), kind="test.page") for _ in range(3)]
    taken = [message.pk for message in claims.claim(10).rows]
    assert taken[:3] == [message.pk for message in pages]
    assert bulk[0].pk in taken
    assert sum(message.pk in taken for message in replies) == 6


def test_a_message_that_waits_long_holds_nobody_up(graph: Graph, ana: Contact, say: Say) -> None:
    first, second = say(ana, "first"), say(ana, "second")
    OutboundMessage.objects.filter(pk=first.pk).update(
        not_before=clock.now() + timedelta(minutes=5), held_reason=reasons.RETRY
    )
    dispatcher.run()
    assert graph.texts() == ["second"]
    assert fresh(second).state == State.SENT


def test_a_short_wait_keeps_the_order(graph: Graph, ana: Contact, say: Say) -> None:
    first, _second = say(ana, "first"), say(ana, "second")
    OutboundMessage.objects.filter(pk=first.pk).update(
        not_before=clock.now() + timedelta(seconds=5), held_reason=reasons.RETRY
    )
    dispatcher.run()
    assert graph.texts() == []


def test_one_row_that_cannot_be_planned_does_not_stop_the_others(
    graph: Graph, ana: Contact, number: Number, say: Say
) -> None:
    broken, fine = say(ana), say(writer(number))
    OutboundMessage.objects.filter(pk=broken.pk).update(given={"type": "Nonsense"})
    dispatcher.run()
    assert (fresh(broken).state, fresh(fine).state) == (State.HELD, State.SENT)
    assert fresh(broken).held_reason == reasons.UNPLANNABLE


# --- errors by reaction -----------------------------------------------------------------------------------------------


def test_a_busy_carrier_is_tried_again_later_and_later_until_the_tries_are_used_up(
    graph: Graph, ana: Contact, say: Say, clock: Clock
) -> None:
    graph.refuse(131000)
    message = say(ana)
    waits = []
    for _round in range(12):
        dispatcher.run()
        waits.append((fresh(message).not_before - now()).total_seconds())
        clock.wind(2700)
    assert fresh(message).state == State.FAILED
    assert fresh(message).attempts == message.tries.count() == 12
    assert waits[9] > waits[1] > 0
    assert "12" in fresh(message).error_text
    assert names(message) == ["outbound.queued", "outbound.failed"]


def test_a_slow_person_parks_only_that_person(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    graph.refuse(131056, to=ana.phone)
    first, second = say(ana, "1"), say(ana, "2")
    other = say(writer(number))
    dispatcher.run()
    page = say(ana, kind="test.page")
    dispatcher.run()
    assert len([body for body in graph.requests if body["to"] == ana.phone]) == 1
    assert fresh(other).state == State.SENT
    assert {fresh(row).held_reason for row in (first, second)} == {reasons.SLOW_PERSON}
    assert fresh(first).not_before == fresh(second).not_before > clock.now()
    assert fresh(first).attempts == 0
    assert fresh(page).state == State.QUEUED


def test_a_slow_person_waits_longer_each_time(graph: Graph, ana: Contact, say: Say, clock: Clock) -> None:
    graph.refuse(131056)
    message = say(ana)
    waits = []
    for _round in range(5):
        dispatcher.run()
        waits.append(round((fresh(message).not_before - now()).total_seconds()))
        clock.wind(400)
    assert waits[3:] == [64, 256]


def test_throttling_slows_the_number_and_burns_no_try(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    graph.refuse(130429, status=429)
    message = say(ana)
    dispatcher.run()
    other = say(writer(number))
    dispatcher.run()
    number.refresh_from_db()
    assert number.slow_until is not None
    assert number.slow_until == fresh(message).not_before > clock.now()
    assert len(graph.requests) == 1
    assert (fresh(message).attempts, fresh(other).state) == (0, State.QUEUED)


def test_a_broken_account_pauses_everything_and_burns_no_tries(graph: Graph, number: Number, say: Say) -> None:
    graph.refuse(190, status=401)
    rows = [say(writer(number)) for _ in range(40)]
    dispatcher.run()
    account = Account.objects.get(pk=number.account_id)
    assert account.state == Account.State.BROKEN
    assert len(graph.requests) <= dispatcher.places()
    assert {fresh(row).state for row in rows} == {State.QUEUED}
    assert {fresh(row).attempts for row in rows} == {0}
    late = say(writer(number))
    assert (late.state, late.held_reason) == (State.HELD, reasons.ACCOUNT_PAUSED)
    graph.heal()
    Account.objects.update(state=Account.State.ACTIVE)
    OutboundMessage.objects.filter(state=State.HELD).update(not_before=clock.now())
    sweeper.sweep()
    dispatcher.run()
    assert {fresh(row).state for row in [*rows, late]} == {State.SENT}


def test_a_window_that_meta_calls_closed_is_answered_with_the_template_at_once(
    graph: Graph, ana: Contact, say: Say
) -> None:
    graph.refuse(131047, times=1)
    message = say(ana, "a chair", kind="test.asked", buttons=YES_NO)
    dispatcher.run()
    assert graph.texts() == ["template test_asked"]
    assert (fresh(message).state, fresh(message).how) == (State.SENT, "template")


def test_ready_content_in_a_window_that_meta_calls_closed_waits_for_the_person(
    graph: Graph, ana: Contact, number: Number, say: Say, clock: Clock
) -> None:
    graph.refuse(131047, times=1)
    message = say(ana, "a prompt", content=Buttons("What?", (ReplyButton("d.1", "Go"),)))
    dispatcher.run()
    assert (fresh(message).state, fresh(message).held_reason) == (State.HELD, reasons.WINDOW_CLOSED)
    clock.wind(60)
    write_in(ana, number)
    dispatcher.run()
    assert graph.texts() == ["What?"]


def test_somebody_unreachable_is_tried_once_more_and_then_marked(
    graph: Graph, ana: Contact, say: Say, clock: Clock
) -> None:
    graph.refuse(131026)
    message = say(ana)
    dispatcher.run()
    dispatcher.run()
    assert len(graph.requests) == 1
    ana.refresh_from_db()
    assert (ana.unreachable_since, fresh(message).state) == (None, State.QUEUED)
    clock.wind(901)
    dispatcher.run()
    ana.refresh_from_db()
    assert ana.unreachable_since is not None
    assert fresh(message).state == State.FAILED
    assert say(ana).held_reason == reasons.UNREACHABLE


def test_a_refused_message_fails_with_a_sentence_and_the_carriers_own_words(
    graph: Graph, ana: Contact, say: Say
) -> None:
    graph.refuse(131009)
    message = say(ana, "secret text")
    dispatcher.run()
    row = fresh(message)
    assert (row.state, row.error_code) == (State.FAILED, "131009")
    assert row.error_text
    attempt = row.tries.get()
    assert "details" in attempt.detail
    assert "secret text" not in attempt.detail


def test_a_template_that_meta_holds_is_looked_at_again_later(
    graph: Graph, bia: Contact, say: Say, clock: Clock
) -> None:
    graph.refuse(132015, times=1)
    message = say(bia, kind="test.asked", buttons=YES_NO)
    dispatcher.run()
    assert (fresh(message).state, fresh(message).held_reason) == (State.HELD, reasons.CARRIER_HOLD)
    assert Approval.objects.get(name="test_asked", remote_language="en").is_doubtful  # its notice may be lost
    clock.wind(3 * 3600 + 1)
    sweeper.sweep()
    dispatcher.run()
    assert fresh(message).state == State.SENT


# --- unsure -----------------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_unsure_and_its_status_settles_it(
    graph: Graph, number: Number, ana: Contact, say: Say
) -> None:
    graph.lose_answers()
    message = say(ana)
    dispatcher.run()
    assert fresh(message).state == State.UNSURE
    body = graph.accepted[0]
    event = status(None, "delivered", wamid=body["wamid"], opaque=body["biz_opaque_callback_data"])
    services.apply_statuses(number=number, events=[event])
    row = fresh(message)
    assert (row.state, row.remote_id) == (State.DELIVERED, body["wamid"])
    assert not row.is_resend


def test_a_kill_between_sending_and_saving_leaves_unsure_and_the_status_settles_it(
    graph: Graph, number: Number, ana: Contact, say: Say, clock: Clock
) -> None:
    message = say(ana)
    job = prepare(claims.claim(1).rows)[0]
    sent = alone(job)  # and here the worker dies
    assert fresh(message).state == State.SENDING
    dispatcher.run()
    assert len(graph.accepted) == 1
    clock.wind(121)
    sweeper.sweep()
    assert fresh(message).state == State.UNSURE
    assert sent.result is not None
    event = status(None, "sent", wamid=sent.result.remote_id, opaque=opaque.mark(message.pk))
    services.apply_statuses(number=number, events=[event])
    clock.wind(3600)
    sweeper.sweep()
    dispatcher.run()
    row = fresh(message)
    assert (row.state, row.remote_id, row.is_resend) == (State.SENT, sent.result.remote_id, False)
    assert len(graph.accepted) == 1


def test_a_save_that_comes_after_the_lease_ran_out_still_counts(
    graph: Graph, ana: Contact, say: Say, clock: Clock
) -> None:
    message = say(ana)
    sent = alone(prepare(claims.claim(1).rows)[0])
    clock.wind(121)
    sweeper.sweep()
    save([sent])
    assert fresh(message).state == State.SENT
    assert sent.result is not None
    assert fresh(message).remote_id == sent.result.remote_id


def test_a_status_that_is_faster_than_the_save_is_not_undone_by_it(
    graph: Graph, number: Number, ana: Contact, say: Say
) -> None:
    message = say(ana)
    sent = alone(prepare(claims.claim(1).rows)[0])
    assert sent.result is not None
    event = status(None, "read", wamid=sent.result.remote_id, opaque=opaque.mark(message.pk))
    services.apply_statuses(number=number, events=[event])
    save([sent])
    row = fresh(message)
    assert (row.state, row.remote_id) == (State.READ, sent.result.remote_id)


def test_a_failure_that_is_faster_than_the_save_is_not_undone_by_it(
    graph: Graph, number: Number, ana: Contact, say: Say
) -> None:
    message = say(ana, "a chair", kind="test.asked", buttons=YES_NO)
    sent = alone(prepare(claims.claim(1).rows)[0])
    assert sent.result is not None
    event = status(None, "failed", wamid=sent.result.remote_id, opaque=opaque.mark(message.pk), error_code="131047")
    services.apply_statuses(number=number, events=[event])
    save([sent])
    assert fresh(message).state == State.QUEUED
    dispatcher.run()
    assert graph.texts()[1:] == ["template test_asked"]


def test_a_row_given_up_as_unsure_learns_that_it_was_refused(
    graph: Graph, ana: Contact, say: Say, clock: Clock
) -> None:
    graph.refuse(131009)
    message = say(ana)
    refused = alone(prepare(claims.claim(1).rows)[0])
    clock.wind(121)
    sweeper.sweep()
    save([refused])
    assert fresh(message).state == State.FAILED


def test_an_unsure_message_is_sent_again_once_where_a_duplicate_is_harmless(
    graph: Graph, ana: Contact, say: Say, clock: Clock
) -> None:
    graph.lose_answers()
    message = say(ana)
    dispatcher.run()
    clock.wind(30)
    sweeper.sweep()
    assert fresh(message).state == State.UNSURE
    for _round in range(3):
        clock.wind(61)
        sweeper.sweep()
        dispatcher.run()
    assert len(graph.accepted) == 2
    assert (fresh(message).state, fresh(message).is_resend) == (State.UNSURE, True)


def test_an_unsure_bulk_message_waits_for_a_person(graph: Graph, ana: Contact, say: Say, clock: Clock) -> None:
    graph.lose_answers()
    message = say(ana, kind="test.news")
    dispatcher.run()
    clock.wind(7200)
    sweeper.sweep()
    dispatcher.run()
    assert len(graph.accepted) == 1
    assert fresh(message).state == State.UNSURE


def test_a_late_status_of_the_first_try_calls_a_resend_off(
    graph: Graph, number: Number, ana: Contact, say: Say, clock: Clock
) -> None:
    graph.lose_answers()
    message = say(ana)
    dispatcher.run()
    clock.wind(61)
    sweeper.sweep()
    assert fresh(message).state == State.QUEUED
    services.apply_statuses(
        number=number, events=[status(None, "sent", wamid="wamid.0001", opaque=opaque.mark(message.pk))]
    )
    dispatcher.run()
    assert len(graph.accepted) == 1
    assert fresh(message).state == State.SENT
