from typing import Any

import pytest

from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.files import services as files
from apps.files.models import File
from apps.forms import services as forms
from apps.incidents import queries, services
from apps.incidents.models import Note, Ticket
from apps.journal.models import Entry
from apps.outbox.models import Button, OutboundMessage
from apps.people.models import Employee, Team
from tests.factories import make_category, make_contact, make_employee, make_team, make_user, report_form, the_number

pytestmark = pytest.mark.django_db
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 64


class House:
    """Ana reports; Bia and Caio answer for Facilities; Duda works elsewhere."""

    def __init__(self) -> None:
        the_number()
        self.ana = self.person("Ana", "pt-br")
        self.bia = self.person("Bia", "en")
        self.caio = self.person("Caio", "es")
        self.duda = self.person("Duda", "en")
        self.team: Team = make_team("Facilities", members=[self.bia, self.caio])
        self.category = make_category(self.team)

    @staticmethod
    def person(name: str, language: str) -> Employee:
        employee = make_employee(name, language=language)
        make_contact(employee)
        return employee

    def report(self, what: str = "The lift is stuck", by: Employee | None = None, photos: int = 0) -> Ticket:
        by = by or self.ana
        stored = [files.store(content=JPEG, name=f"{n}.jpg") for n in range(photos)]
        version = forms.freeze(form=report_form())
        answers: dict[str, Any] = {"what": what, "photos": [file.pk for file in stored]}
        submission = forms.submit(version=version, by=by, answers=answers)
        return services.open_ticket(submission=submission, category=self.category, by=by, files=stored)


@pytest.fixture
def house(settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path
    return House()


def said_to(employee: Employee, kind: str = "") -> list[OutboundMessage]:
    found = OutboundMessage.objects.filter(contact__employee=employee).order_by("id")
    return list(found.filter(kind=kind) if kind else found)


def test_a_report_is_offered_to_the_team_and_its_code_told_to_the_reporter(house: House):
    ticket = house.report(photos=2)
    assert ticket.summary == "The lift is stuck"
    assert [message.kind for message in said_to(house.ana)] == ["ticket.opened"]
    assert said_to(house.ana)[0].data["ticket"] == ticket.code
    for person in (house.bia, house.caio):
        offered = said_to(person, "ticket.offered")
        assert [button.target for button in Button.objects.filter(message=offered[0])] == ["incidents.take"]
    assert not said_to(house.duda)
    assert File.objects.filter(owner_type="incidents.ticket", owner_id=str(ticket.pk)).count() == 2


def test_one_submission_is_one_ticket(house: House):
    ticket = house.report()
    again = services.open_ticket(submission=ticket.submission, category=house.category, by=house.ana)
    assert again == ticket
    assert len(said_to(house.bia, "ticket.offered")) == 1


def test_a_report_that_reaches_nobody_says_so(house: House):
    house.category.team = make_team("Empty")
    house.category.save()
    ticket = house.report()
    assert Entry.objects.filter(name="ticket.unheard", subject_id=str(ticket.pk)).exists()


def test_the_first_to_take_wins_and_the_second_reads_who_was_first(house: House, clock):
    clock.stand("2026-08-03T14:02:00")
    ticket = house.report()
    taken = services.take(ticket=ticket, by=house.bia)
    assert (taken.state, taken.assignee) == ("taken", house.bia)
    with pytest.raises(MoveNotAllowedError, match=r"Already taken by Bia at 14:02"):
        services.take(ticket=ticket, by=house.caio)
    assert [message.data["name"] for message in said_to(house.ana, "ticket.taken")] == ["Bia"]
    assert not said_to(house.caio, "ticket.assigned")


def test_the_same_person_may_tap_twice(house: House):
    ticket = house.report()
    services.take(ticket=ticket, by=house.bia)
    assert services.take(ticket=ticket, by=house.bia).assignee == house.bia
    assert len(said_to(house.ana, "ticket.taken")) == 1


def test_outsiders_and_leavers_take_nothing(house: House):
    ticket = house.report()
    with pytest.raises(NotPermittedError):
        services.take(ticket=ticket, by=house.duda)
    house.bia.state = "left"
    house.bia.save()
    with pytest.raises(NotPermittedError):
        services.take(ticket=ticket, by=house.bia)


def test_a_member_may_take_what_they_reported(house: House):
    ticket = house.report(by=house.bia)
    assert not said_to(house.bia, "ticket.offered")
    assert services.take(ticket=ticket, by=house.bia).assignee == house.bia
    assert not said_to(house.bia, "ticket.taken")


def test_the_lead_of_the_team_above_may_answer(house: House):
    boss = house.person("Boss", "en")
    house.team.parent = make_team(leads=[boss])
    house.team.save()
    assert services.take(ticket=house.report(), by=boss).assignee == boss


def test_comments_flow_both_ways(house: House):
    ticket = house.report()
    services.comment(ticket=ticket, by=house.ana, text="It smokes", side="reporter")
    assert [len(said_to(person, "ticket.commented")) for person in (house.bia, house.caio)] == [1, 1]
    services.take(ticket=ticket, by=house.bia)
    services.comment(ticket=ticket, by=house.ana, text="Hurry", side="reporter")
    assert [len(said_to(person, "ticket.commented")) for person in (house.bia, house.caio)] == [2, 1]
    services.comment(ticket=ticket, by=house.bia, text="Coming", side="responder")
    assert [message.data["text"] for message in said_to(house.ana, "ticket.answered")] == ["Coming"]


def test_a_comment_for_an_assignee_who_left_goes_to_the_team(house: House):
    ticket = services.take(ticket=house.report(), by=house.bia)
    house.bia.state = "left"
    house.bia.save()
    services.comment(ticket=ticket, by=house.ana, text="Hello?", side="reporter")
    assert len(said_to(house.caio, "ticket.commented")) == 1


def test_a_message_becomes_one_comment_however_often_it_is_handled(house: House):
    ticket = house.report()
    first = services.comment(ticket=ticket, by=house.ana, text="It smokes", side="reporter", source_key="wamid.1")
    again = services.comment(ticket=ticket, by=house.ana, text="It smokes", side="reporter", source_key="wamid.1")
    assert first == again
    assert len(said_to(house.bia, "ticket.commented")) == 1


def test_nobody_speaks_for_the_other_side_and_nothing_is_no_comment(house: House):
    ticket = house.report()
    with pytest.raises(NotPermittedError):
        services.comment(ticket=ticket, by=house.bia, text="x", side="reporter")
    with pytest.raises(NotPermittedError):
        services.comment(ticket=ticket, by=house.duda, text="x", side="responder")
    with pytest.raises(InvalidInputError):
        services.comment(ticket=ticket, by=house.ana, text="  ", side="reporter")


def test_an_internal_note_is_told_to_nobody(house: House):
    ticket = house.report()
    before = OutboundMessage.objects.count()
    services.comment(ticket=ticket, by=house.bia, text="He always says that", side=Note.Side.INTERNAL)
    assert OutboundMessage.objects.count() == before


def test_the_words_of_a_comment_stand_in_the_erasable_body_only(house: House):
    ticket = house.report("My salary is missing")
    services.comment(ticket=ticket, by=house.ana, text="secret words", side="reporter")
    for entry in Entry.objects.all():
        kept = f"{entry.subject_label}{entry.before}{entry.after}"
        assert "secret words" not in kept
        assert "salary" not in kept


def test_resolving_tells_the_reporter_the_last_line(house: House):
    ticket = services.take(ticket=house.report(), by=house.bia)
    ticket = services.resolve(ticket=ticket, by=house.bia, text="New fuse")
    assert (ticket.state, ticket.notes.get().text) == ("resolved", "New fuse")
    assert said_to(house.ana, "ticket.resolved")[0].data["text"] == "New fuse"
    with pytest.raises(MoveNotAllowedError, match="Resolved by Bia"):
        services.resolve(ticket=ticket, by=house.caio)
    with pytest.raises(MoveNotAllowedError, match="Resolved by Bia"):
        services.take(ticket=ticket, by=house.caio)


def test_what_nobody_took_may_be_resolved_at_once(house: House):
    ticket = services.resolve(ticket=house.report(), by=house.caio)
    assert (ticket.state, ticket.assignee) == ("resolved", house.caio)


def test_everybody_sees_their_own_rows_and_files_only(house: House):
    ticket = house.report(photos=1)
    other = make_category(make_team("IT", members=[house.duda]), name="IT")
    house.category = other
    foreign = house.report(by=house.duda, photos=1)
    boss = make_employee("Boss")
    house.ana.manager = boss
    house.ana.save()
    seen = {
        "responder": set(queries.visible_to(make_user(employee=house.bia, roles=["Responder"]))),
        "manager": set(queries.visible_to(make_user(employee=boss, roles=["Manager"]))),
        "reporter": set(queries.visible_to(make_user(employee=house.ana))),
        "hr": set(queries.visible_to(make_user(roles=["HR"]))),
        "auditor": set(queries.visible_to(make_user(roles=["Auditor"]))),
        "nobody": set(queries.visible_to(make_user(roles=["Responder"]))),
    }
    assert seen == {"responder": {ticket}, "manager": {ticket}, "reporter": {ticket}, "hr": {ticket, foreign},
                    "auditor": {ticket, foreign}, "nobody": set()}  # fmt: skip
    own_file, foreign_file = (File.objects.get(owner_id=str(row.pk)) for row in (ticket, foreign))
    manager = make_user(roles=["Manager"])
    manager.employee = boss
    boss.user = manager
    boss.save()
    assert queries.may_see_file(manager, own_file)
    assert not queries.may_see_file(manager, foreign_file)


def test_photos_travel_to_the_other_side_and_wait_for_an_open_window(house: House):
    ticket = house.report(photos=2)
    services.take(ticket=ticket, by=house.bia)
    shown = said_to(house.bia, "ticket.photo")
    assert [message.given["type"] for message in shown] == ["MediaMessage", "MediaMessage"]
    assert {message.state for message in shown} == {OutboundMessage.State.HELD}
    fixed = files.store(content=JPEG, name="fixed.jpg")
    services.comment(ticket=ticket, by=house.bia, text="Like new", side="responder", files=[fixed])
    assert said_to(house.ana, "ticket.answered")[0].data["text"] == "Like new 📎"
    assert [message.given["file_id"] for message in said_to(house.ana, "ticket.reply_photo")] == [fixed.pk]
    assert not said_to(house.caio, "ticket.photo")


def test_a_reporter_who_takes_their_own_ticket_is_sent_nothing_internal(house: House):
    ticket = house.report(by=house.bia, photos=1)
    internal, plain = (files.store(content=JPEG + side, name="x.jpg") for side in (b"i", b"r"))
    services.comment(ticket=ticket, by=house.caio, text="Again her?", side="internal", files=[internal])
    services.comment(ticket=ticket, by=house.caio, text="Like this?", side="responder", files=[plain])
    services.take(ticket=ticket, by=house.bia)
    sent = {message.given["file_id"] for message in said_to(house.bia, "ticket.photo")}
    assert internal.pk not in sent
    assert plain.pk in sent


def test_a_dangerous_file_is_kept_but_passed_on_to_nobody(house: House):
    ticket = house.report()
    page = files.store(content=b"<!DOCTYPE html><html><script>1</script></html>", name="bill.html")
    services.comment(ticket=ticket, by=house.ana, text="See", side="reporter", files=[page])
    assert not OutboundMessage.objects.filter(kind="ticket.photo").exists()
    assert ticket.notes.get().files.count() == 1
