"""Decisions on a page: by the person alone, on the version they saw, asked twice, once; and the limit of the chat."""

from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.approvals import checks
from apps.approvals import services as approvals
from apps.approvals.models import Decision, Request
from apps.contacts import services as contacts
from apps.contacts.models import Preference, Window
from apps.conversations.targets import Tap, targets
from apps.core.clock import now
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.files import services as files
from apps.forms.models import Submission
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.outbox import buttons
from apps.outbox.models import OutboundMessage
from apps.people import services as people
from apps.people.models import Employee
from apps.web import services
from apps.web.models import Link
from tests.approvals.house import House, button, decide, react, said_to, stage
from tests.factories import make_absence, make_message, make_speaker, make_user, the_number
from tests.web.visitor import PNG, Visitor, path, tokens_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def link_for(employee: Employee, request: Request) -> Link:
    request.refresh_from_db()
    return services.make_decision_link(employee=employee, request=request)


def choose(visitor: Visitor, verdict: str = "approve", reason: str = "") -> str:
    return visitor.send(verdict=verdict, reason=reason)


def confirm(visitor: Visitor, verdict: str = "approve", reason: str = "") -> str:
    return visitor.send(verdict=verdict, reason=reason, confirmed="yes")


def tap(house: House, who: Employee, action: str = "approve") -> Any:
    speaker = make_speaker(who)
    row = button(who, action)
    return targets[row.target].tap(Tap(row, speaker, make_message(speaker.conversation, kind="tap")))


def test_a_decider_reads_everything_and_decides_by_two_presses(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    page = caio.see()
    for text in (request.code, "Ana", "Taxi", "80.00", "Manager"):
        assert text in page
    assert "cannot be taken back" in choose(caio)
    assert not Decision.objects.exists()
    assert "You approved" in confirm(caio)
    decision = Decision.objects.get()
    assert (decision.via, decision.proof, decision.seat.employee) == ("link", f"link:{caio.link.pk}", house.caio)
    request.refresh_from_db()
    assert request.state == "approved"
    assert "You approved" in caio.see()
    assert "Taxi" not in caio.see().replace(f"{request.code}</span> Taxi", "")


def test_a_rejection_needs_its_reason_and_carries_it(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    assert "Please say why" in choose(caio, "reject")
    assert caio.code == 422
    assert "Please say why" in confirm(caio, "reject", "  ")
    assert "Choose to approve" in choose(caio, "maybe")
    assert "Choose to approve" in confirm(caio, "maybe")
    assert not Decision.objects.exists()
    confirm(caio, "reject", "No <b>receipt</b>")
    assert Decision.objects.get().reason == "No <b>receipt</b>"
    assert "<b>" not in caio.answer.content.decode()


def test_a_second_press_decides_nothing_more(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    assert confirm(caio) == confirm(caio, "reject", "changed my mind")
    assert Decision.objects.get().verdict == "approve"


def test_no_link_is_made_for_somebody_who_is_not_asked_nor_for_whoever_asked(house: House) -> None:
    request = house.ask("80.00")
    with pytest.raises(InvalidInputError):
        link_for(house.bia, request)
    with pytest.raises(InvalidInputError):
        link_for(house.ana, request)


def test_whoever_asked_makes_no_link_for_the_decider(house: House) -> None:
    request = house.ask("80.00")
    ana = make_user(roles=["HR"], employee=house.ana)
    with pytest.raises(NotPermittedError):
        services.make_decision_link(employee=house.caio, request=request, by=ana)


def test_whoever_asked_or_filed_it_sends_no_link_to_the_decider_by_mail_either(house: House, settings: Any) -> None:
    settings.EMAIL_IS_SET_UP = True
    Employee.objects.filter(pk=house.caio.pk).update(email="caio@aurora.example")
    request = house.ask("80.00")
    filer, other = make_user(roles=["HR"]), make_user(roles=["HR"])
    Submission.objects.filter(pk=request.submission_id).update(filed_by=filer)
    link = link_for(house.caio, request)
    for barred in (make_user(roles=["HR"], employee=house.ana), filer):
        with pytest.raises(NotPermittedError):
            services.mail_link(link=link, by=barred)
    link.refresh_from_db()
    assert link.mail_state == Link.Mail.NONE
    assert services.mail_link(link=link, by=other).mail_state == Link.Mail.WAITING


def test_a_changed_version_is_refused_with_a_sentence(house: House) -> None:
    request = house.ask("80.00")
    link = link_for(house.caio, request)
    Request.objects.filter(pk=request.pk).update(version=request.version + 1)
    caio = Visitor(link)
    assert "was changed after you were asked" in caio.see()
    assert "ask HR for a new link" in caio.see()
    assert "Taxi" not in caio.see()
    assert "was changed" in confirm(caio)
    assert caio.code == 409
    assert Entry.objects.filter(name="decision.refused").count() == 1
    assert not Decision.objects.exists()


def test_a_seat_that_moved_is_refused_with_a_sentence_and_decides_for_whoever_has_it_now(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    make_absence(house.caio, deputy=house.bia)
    approvals.reseat(employee=house.caio)
    assert "passed on to somebody else" in caio.see()
    assert "Taxi" not in caio.see()
    assert "passed on to somebody else" in confirm(caio)
    assert caio.code == 409
    assert Entry.objects.get(name="decision.refused").after["why"] == "seat_moved"
    assert not Decision.objects.exists()
    confirm(Visitor(link_for(house.bia, request)))
    assert Decision.objects.get().seat.employee == house.bia


def test_a_press_without_a_verdict_on_a_dead_link_shows_nothing_of_the_request(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    Request.objects.filter(pk=request.pk).update(version=request.version + 1)
    page = confirm(caio, "maybe")
    assert caio.code == 409
    assert "was changed" in page
    assert "Taxi" not in page


def test_what_was_decided_meanwhile_is_told(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    decide(request, house.caio)
    assert "Already approved by Caio" in caio.see()
    assert "Already approved by Caio" in confirm(caio)
    assert Decision.objects.count() == 1


def test_the_deputy_decides_for_the_absent_and_reads_for_whom(house: House) -> None:
    make_absence(house.caio, deputy=house.bia)
    request = house.ask("80.00")
    bia = Visitor(link_for(house.bia, request))
    assert "Caio" in bia.see("?lang=en")
    assert "You stand in for" in bia.see("?lang=en")
    confirm(bia)
    assert Decision.objects.get().seat.deputy_for == house.caio


def test_somebody_who_left_decides_nothing(house: House) -> None:
    request = house.ask("80.00")
    caio = Visitor(link_for(house.caio, request))
    people.mark_left(employee=house.caio, by=SYSTEM)
    confirm(caio)
    assert caio.code == 403
    assert not Decision.objects.exists()


def test_a_file_from_a_link_is_named_and_downloaded_as_at_the_desk(house: House, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    request = house.ask("80.00")
    nameless = files.store(content=PNG, name="", owner=request)
    caio = Visitor(link_for(house.caio, request))
    answer = caio.client.get(f"{path(caio.link)}files/{nameless.pk}/?download=1")
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"] == f'attachment; filename="file-{nameless.pk}.png"'
    (tmp_path / nameless.sha256[:2] / nameless.sha256).unlink()
    gone = caio.client.get(f"{path(caio.link)}files/{nameless.pk}/")
    assert (gone.status_code, gone.headers["Cache-Control"]) == (404, "no-store")


def test_files_are_shown_to_whoever_may_decide_from_this_link_and_to_nobody_else(house: House) -> None:
    request, other = house.ask("80.00"), house.ask("90.00", flow=Request.objects.first().flow)  # type: ignore[union-attr]
    mine = files.store(content=PNG, name="mine.png", owner=request)
    theirs = files.store(content=PNG + b"x", name="theirs.png", owner=other)
    caio = Visitor(link_for(house.caio, request))
    assert "mine.png" in caio.see()
    assert "theirs.png" not in caio.see()
    base = path(caio.link)
    answer = caio.client.get(f"{base}files/{mine.pk}/")
    assert b"".join(answer.streaming_content) == PNG
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    small = caio.client.get(f"{base}files/{mine.pk}/small/")
    assert small.status_code == 200
    assert b"".join(small.streaming_content)
    for pk in (theirs.pk, 10**15):
        for way in ("", "small/", "?download=1"):
            refused = caio.client.get(f"{base}files/{pk}/{way}", headers={"Accept-Language": "en"})
            assert refused.status_code == 404
            assert "This link opens nothing" in refused.content.decode()
            assert refused.headers["Referrer-Policy"] == "no-referrer"
    confirm(caio)
    assert caio.client.get(f"{base}files/{mine.pk}/").status_code == 404
    listing = services.make_list_link(employee=house.ana)
    assert Client().get(f"{path(listing)}files/{mine.pk}/").status_code == 404


# --- the limit of the chat --------------------------------------------------------------------------------------------


def large(house: House, amount: str = "780.00") -> Request:
    flow = house.expense_flow()
    flow.page_above = Decimal("500.00")
    flow.save()
    return house.ask(amount, flow=flow)


def test_a_sum_above_the_limit_is_not_decided_in_the_chat_and_the_link_comes(house: House) -> None:
    large(house)
    for action in ("approve", "reject"):
        reply, is_used = tap(house, house.caio, action)
        assert "decided on a page" in reply.text
        assert not is_used
    assert not Decision.objects.exists()
    react()
    links = Link.objects.filter(why="step_up")
    assert links.count() == 2
    sent = said_to(house.caio, "web.decide")
    assert len(sent) == 2
    (token,) = tokens_in(sent[-1].text)
    link = links.latest("id")
    assert token == buttons.token(link.button)
    assert link.button.contact == sent[-1].contact
    confirm(Visitor(link))
    assert Decision.objects.get().via == "link"
    react()
    assert OutboundMessage.objects.filter(kind="web.decide").count() == 2


@pytest.mark.parametrize(
    "wish", [{"is_stopped": True}, {"quiet_from": time(20), "quiet_until": time(7)}], ids=["stopped", "quiet hours"]
)
def test_whoever_has_just_tapped_gets_the_link_at_any_hour_and_no_later_than_it_is_good(
    house: House, clock: Any, wish: dict[str, Any]
) -> None:
    clock.stand("2026-03-03T02:00")
    Employee.objects.filter(pk=house.caio.pk).update(time_zone="UTC")
    Preference.objects.create(contact=house.caio.contacts.get(), **wish)
    Window.objects.create(contact=house.caio.contacts.get(), number=the_number(), last_inbound_at=now())
    large(house)
    tap(house, house.caio)
    react()
    (sent,) = said_to(house.caio, "web.decide")
    assert (sent.state, sent.held_reason) == ("queued", "")
    assert sent.expires_at == Link.objects.get(why="step_up").button.expires_at


def test_a_link_that_comes_long_after_the_tap_keeps_to_the_quiet_hours(house: House, clock: Any) -> None:
    clock.stand("2026-03-03T02:00")
    Employee.objects.filter(pk=house.caio.pk).update(time_zone="UTC")
    wish = {"quiet_from": time(20), "quiet_until": time(7)}
    Preference.objects.create(contact=house.caio.contacts.get(), **wish)
    Window.objects.create(contact=house.caio.contacts.get(), number=the_number(), last_inbound_at=now())
    large(house)
    tap(house, house.caio)
    clock.wind(11 * 60)
    react()
    (sent,) = said_to(house.caio, "web.decide")
    assert sent.state == "held"


def test_up_to_the_limit_the_chat_decides(house: House) -> None:
    request = large(house, "500.00")
    assert not request.is_step_up
    assert tap(house, house.caio)[1]
    assert Decision.objects.get().via == "button"


def test_the_limit_of_a_request_is_that_of_its_flow_then(house: House) -> None:
    request = large(house)
    request.flow.page_above = None
    request.flow.save()
    request.refresh_from_db()
    with pytest.raises(NotPermittedError) as refused:
        decide(request, house.caio)
    assert refused.value.code == "step_up"
    approvals.decide(
        stage_run=stage(request), by=house.caio, verdict="approve", version_seen=request.version, via="admin"
    )


def test_a_limit_without_an_amount_is_named_as_a_mistake(house: House) -> None:
    flow = house.expense_flow()
    flow.page_above, flow.amount_field = Decimal(5), ""
    flow.save()
    assert any("amount field" in sentence for sentence in checks.problems(flow))


def test_a_link_that_went_to_a_phone_in_doubt_does_nothing(house: House) -> None:
    large(house)
    tap(house, house.caio)
    react()
    link = Link.objects.get(why="step_up")
    contacts.report_lost(contact=link.button.contact, by=SYSTEM)
    caio = Visitor(link)
    assert "proved again" in caio.see()
    assert caio.code == 403
    confirm(caio)
    assert not Decision.objects.exists()


def test_the_desk_reads_the_message_without_its_token(house: House) -> None:
    large(house)
    tap(house, house.caio)
    react()
    (message,) = said_to(house.caio, "web.decide")
    boss = Client()
    boss.force_login(make_user(is_superuser=True))
    for address in (f"/admin/outbox/outboundmessage/{message.pk}/change/",
                    reverse("admin:people_employee_timeline", args=[house.caio.pk]),
                    f"/admin/conversations/conversation/{house.caio.contacts.get().conversations.get().pk}/change/"):  # fmt: skip
        page = boss.get(address).content.decode()
        assert "/f/•••/" in page
        assert not tokens_in(page)
        assert "w1." not in page  # nor the beginning of one that was cut off


def test_a_link_into_the_chat_is_short_lived(house: House, clock: Any) -> None:
    large(house)
    tap(house, house.caio)
    react()
    caio = Visitor(Link.objects.get(why="step_up"))
    clock.wind(31 * 60)
    confirm(caio)
    assert caio.code == 404
    assert not Decision.objects.exists()
