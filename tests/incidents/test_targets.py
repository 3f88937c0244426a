import pytest
from django.utils import translation

from apps.conversations.targets import Completed, Reply, Tap, targets
from apps.files import services as files
from apps.forms import services as forms
from apps.incidents.models import Ticket
from apps.outbox.models import Button
from apps.people.models import Employee
from tests.factories import make_category, make_message, make_speaker, report_form
from tests.incidents.test_tickets import JPEG, House, said_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path
    return House()


def tap(button: Button, by: Employee) -> tuple[Reply, bool]:
    speaker = make_speaker(by)
    message = make_message(speaker.conversation, kind="tap")
    return targets[button.target].tap(Tap(button=button, speaker=speaker, message=message))


def button_of(person: Employee, target: str) -> Button:
    return Button.objects.get(contact__employee=person, target=target)


def test_the_tree_of_categories_is_offered_level_by_level(house: House):
    child = make_category(house.team, name="Lift", parent=house.category)
    make_category(house.team, name="Old", is_active=False)
    speaker, report = make_speaker(house.ana), targets["incidents.report"]
    assert [choice.title for choice in report.choices(speaker, "")] == ["Facilities"]
    assert [choice.key for choice in report.choices(speaker, str(house.category.pk))] == [str(child.pk)]
    assert report.choices(speaker, str(child.pk)) == []
    opens = report.start(speaker, str(child.pk)).opens
    assert opens is not None
    assert opens.argument == str(child.pk)
    assert opens.form_version is not None


def test_a_finished_dialogue_opens_a_ticket(house: House):
    submission = forms.submit(version=forms.freeze(form=report_form()), by=house.ana, answers={"what": "Leak"})
    speaker = make_speaker(house.ana)
    targets["incidents.report"].complete(
        Completed("incidents.report", str(house.category.pk), speaker, {"what": "Leak"}, submission, None)
    )
    assert Ticket.objects.get().summary == "Leak"


def test_the_second_to_tap_take_reads_who_was_first(house: House):
    house.report()
    first, second = button_of(house.bia, "incidents.take"), button_of(house.caio, "incidents.take")
    assert tap(first, house.bia)[1]
    reply, is_used = tap(second, house.caio)
    assert "Already taken by Bia" in reply.text
    assert is_used
    assert Ticket.objects.get().assignee == house.bia


def test_resolve_asks_for_the_last_line_and_counts_when_it_has_come(house: House):
    house.report()
    tap(button_of(house.bia, "incidents.take"), house.bia)
    button = button_of(house.bia, "incidents.resolve")
    reply, is_used = tap(button, house.bia)
    assert reply.opens is not None
    assert not is_used
    assert Ticket.objects.get().state == "taken"
    target = targets["incidents.resolve"]
    target.complete(
        Completed(target.name, reply.opens.argument, make_speaker(house.bia), {"line": "Fixed"}, None, None)
    )
    assert Ticket.objects.get().state == "resolved"
    button.refresh_from_db()
    assert button.used_at is not None
    assert said_to(house.ana, "ticket.resolved")[0].data["text"] == "Fixed"


def follow_up(by: Employee, ticket: Ticket, text: str, kind: str = "text") -> Reply | None:
    speaker = make_speaker(by)
    return targets["incidents.report"].follow_up(
        speaker, str(ticket.pk), make_message(speaker.conversation, text, kind=kind)
    )


def test_a_line_with_the_code_is_a_comment_from_the_speakers_side(house: House):
    ticket = house.report()
    reply = follow_up(house.ana, ticket, f"t-{ticket.pk}: still dripping")
    assert reply is not None
    assert ticket.notes.get().text == "still dripping"
    follow_up(house.bia, ticket, "On my way")
    assert list(ticket.notes.values_list("side", flat=True)) == ["reporter", "responder"]


def test_the_bare_code_asks_how_it_stands(house: House):
    ticket = house.report()
    reply = follow_up(house.ana, ticket, ticket.code)
    assert reply is not None
    assert "Nobody has taken it yet" in reply.text
    assert not ticket.notes.exists()


def test_a_ticket_is_no_business_of_others(house: House):
    assert follow_up(house.duda, house.report(), "T-1 what is this?") is None


def test_a_typed_resolve_needs_the_bare_word(house: House):
    ticket = house.report()
    follow_up(house.bia, ticket, f"{ticket.code} take")
    follow_up(house.bia, ticket, f"{ticket.code} resolver o quadro não adiantou")
    ticket.refresh_from_db()
    assert ticket.state == "taken"
    assert ticket.notes.count() == 1
    follow_up(house.ana, ticket, f"{ticket.code} resolve")
    ticket.refresh_from_db()
    assert ticket.state == "taken"  # the reporter's word is a comment
    follow_up(house.bia, ticket, f"{ticket.code} resolver: troquei o fusível")
    ticket.refresh_from_db()
    assert ticket.state == "resolved"
    assert ticket.notes.last().text == "troquei o fusível"


def test_a_photo_soon_after_the_report_is_folded_into_it(house: House, clock):
    clock.stand("2026-08-03T12:00:00")
    ticket = house.report()
    speaker, report = make_speaker(house.ana), targets["incidents.report"]
    assert report.recent_subject(speaker) == str(ticket.pk)
    message = make_message(speaker.conversation, kind="image")
    files.store(content=JPEG, owner=message)
    assert report.follow_up(speaker, str(ticket.pk), message) is not None
    assert ticket.notes.get().files.count() == 1
    clock.wind(11 * 60)
    assert report.recent_subject(speaker) is None


def test_a_place_becomes_words_and_a_map(house: House):
    ticket = house.report()
    speaker = make_speaker(house.ana)
    place = {"latitude": -23.5, "longitude": -46.6, "name": "Warehouse", "address": ""}
    message = make_message(speaker.conversation, kind="location", payload={"place": place})
    targets["incidents.report"].follow_up(speaker, str(ticket.pk), message)
    assert ticket.notes.get().text == "Warehouse https://maps.google.com/?q=-23.5,-46.6"


def test_my_reports_lists_how_each_stands(house: House):
    mine = targets["incidents.mine"]
    assert "not reported anything" in mine.start(make_speaker(house.ana), "").text
    ticket = house.report()
    with translation.override("en"):
        text = mine.start(make_speaker(house.ana), "").text
    assert ticket.code in text
    assert "Nobody has taken it yet" in text
