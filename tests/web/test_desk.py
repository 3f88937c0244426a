"""HR's side: making links, showing them once, mailing them, filing for somebody, and what HR may not."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from apps.approvals.models import Decision, Request
from apps.contacts.models import Contact, Window
from apps.core import clock as core_clock
from apps.core.errors import NotPermittedError
from apps.core.findings import Level
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people import letters
from apps.people.models import Employee, User
from apps.web import filling, health, leavers, mailing, queries, services
from apps.web.models import Link
from tests.approvals.house import House, decide, said_to, seats
from tests.conftest import Clock
from tests.factories import make_employee, make_user, the_number
from tests.web.visitor import Visitor, tokens_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


class Desk:
    """HR at the screen, as Hana, an employee with a sign-in."""

    def __init__(self, house: House, **values: Any) -> None:
        self.hana = values.pop("employee", None) or make_employee("Hana")
        self.user: User = make_user(roles=["HR"], employee=self.hana)
        self.client = Client()
        self.client.force_login(self.user)
        self.flow = house.expense_flow()
        self.choice = f"approvals.request:{self.flow.key}"

    def make(self, employee: Any, what: str) -> str:
        return self.client.post(
            reverse("admin:web_link_make", args=[employee.pk]), {"what": what}, follow=True
        ).content.decode()

    def begin(self, employee: Any) -> Link:
        self.client.post(reverse("admin:web_link_behalf", args=[employee.pk]), {"what": self.choice})
        return Link.objects.filter(why="behalf").latest("id")

    def file(self, link: Link, **values: Any) -> Any:
        posted = {"shown": ["what", "amount", "receipt"], **{f"f-{key}": value for key, value in values.items()}}
        return self.client.post(reverse("admin:web_link_fill", args=[link.pk]), posted, follow=True)


def test_the_employees_page_has_both_buttons_for_hr(house: House) -> None:
    desk = Desk(house)
    page = desk.client.get(reverse("admin:people_employee_change", args=[house.ana.pk])).content.decode()
    assert "web-link" in page
    assert "file-for" in page
    assert desk.client.get(f"/admin/people/employee/{house.ana.pk}/web-link").status_code in {301, 302}


def test_an_address_is_shown_once_to_whoever_made_it_with_its_square(house: House) -> None:
    desk = Desk(house)
    page = desk.make(house.ana, f"form-{desk.choice}")
    link = Link.objects.get()
    (token, *_more) = tokens_in(page)
    assert "<svg" in page
    assert (link.made_by, link.employee) == (desk.user, house.ana)
    opened = Client().get(f"/f/{token}/")
    assert (opened.status_code, 'name="f-amount"' in opened.content.decode()) == (200, True)
    again = desk.client.get(reverse("admin:web_link_address", args=[link.pk]), follow=True).content.decode()
    changed = desk.client.get(reverse("admin:web_link_change", args=[link.pk])).content.decode()
    listed = desk.client.get(reverse("admin:web_link_changelist")).content.decode()
    assert not tokens_in(again + changed + listed)
    made = Entry.objects.get(name="link.made")
    assert (made.actor_kind, made.actor_id, made.after["employee"]) == ("user", str(desk.user.pk), house.ana.pk)


def test_a_link_to_decide_is_shown_to_nobody_and_leaves_by_mail(house: House) -> None:
    desk = Desk(house)
    request = house.ask(flow=desk.flow)
    assert "no e-mail address" in desk.make(house.caio, f"decide-{request.pk}")
    assert not Link.objects.exists()
    house.caio.email = "caio@aurora.example"
    house.caio.save()
    page = desk.make(house.caio, f"decide-{request.pk}")
    assert not tokens_in(page)
    assert letters.send_waiting(mailing.LINKS) == 1
    (letter,) = mail.outbox
    assert letter.to == ["Caio <caio@aurora.example>"]
    assert tokens_in(str(letter.body))
    assert "780" not in str(letter.body)
    assert "Taxi" not in str(letter.body)
    Visitor(Link.objects.get()).send(verdict="approve", confirmed="yes")
    assert Decision.objects.get().seat.employee == house.caio


@pytest.mark.parametrize(
    "what", ["", "form-", "form-nothing:x", "decide-1", "decide-x", "behalf-1", "form-approvals.approve:1"]
)
def test_a_wrong_choice_makes_nothing(house: House, what: str) -> None:
    assert "Nothing was made" in Desk(house).make(house.ana, what)
    assert not Link.objects.exists()


def test_people_without_the_permission_or_outside_the_scope_make_nothing(house: House) -> None:
    caio = Client()
    caio.force_login(make_user(roles=["Manager"], employee=house.caio))
    for name in ("make", "behalf"):
        answer = caio.post(reverse(f"admin:web_link_{name}", args=[house.ana.pk]), {"what": "mine"}, follow=True)
        assert "may not do this" in answer.content.decode()
    assert not Link.objects.exists()


def test_links_are_mailed_again_revoked_and_a_refused_mail_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.ana.email = "ana@aurora.example"
    house.ana.save()
    desk = Desk(house)
    desk.make(house.ana, "mine")
    link = Link.objects.get()
    for name, said in (("send_by_mail", "leaves in a moment"), ("revoke", "opens nothing any more")):
        answer = desk.client.post(reverse(f"admin:web_link_{name}", args=[link.pk]), follow=True)
        assert said in answer.content.decode()
    assert letters.send_waiting(mailing.LINKS) == 0
    assert not mail.outbox
    assert Entry.objects.filter(name="link.revoked").count() == 1


def test_a_mail_that_does_not_leave_is_on_the_health_page(house: House, clock: Clock) -> None:
    assert next(iter(health.mails())).level == Level.GREEN
    house.ana.email = "ana@aurora.example"
    house.ana.save()
    link = services.make_list_link(employee=house.ana)
    services.mail_link(link=link)
    clock.wind(3700)
    assert next(iter(health.mails())).level == Level.AMBER
    Link.objects.update(mail_state="sending")
    assert next(iter(health.mails())).level == Level.AMBER  # whoever sent it is gone, and nobody took it up
    Link.objects.update(mail_state="waiting", mail_at=core_clock.now())
    assert next(iter(health.mails())).level == Level.GREEN  # an old link that is mailed only now


def test_a_form_begun_at_the_desk_is_nothing_that_waits_for_the_person(house: House) -> None:
    desk = Desk(house)
    desk.begin(house.ana)
    desk.make(house.ana, "mine")
    assert [link.purpose for link in queries.open_links(house.ana)] == ["mine"]
    assert [thing.key for thing in leavers._open(house.ana)] == [f"web.links:{Link.objects.latest('id').pk}"]


# --- on behalf --------------------------------------------------------------------------------------------------------


def test_hr_files_for_somebody_and_both_names_are_kept(house: House) -> None:
    desk = Desk(house)
    link = desk.begin(house.ana)
    page = desk.file(link, what="Taxi", amount="80").content.decode()
    request = Request.objects.get()
    assert request.code in page
    assert (request.requester, request.filed_by, request.submission.filed_by) == (house.ana, desk.hana, desk.user)
    for name in ("form.submitted", "request.submitted", "link.used"):
        entry = Entry.objects.get(name=name)
        assert (entry.actor_kind, entry.actor_id, entry.after["on_behalf_of"]) == (
            "user",
            str(desk.user.pk),
            house.ana.pk,
        )
    assert OutboundMessage.objects.filter(contact__employee=house.ana, kind="web.filed").count() == 1


def test_two_presses_at_the_desk_are_one_request(house: House) -> None:
    desk = Desk(house)
    link = desk.begin(house.ana)
    desk.file(link, what="Taxi", amount="80")
    desk.file(link, what="Taxi", amount="80")
    assert Request.objects.count() == 1
    assert OutboundMessage.objects.filter(kind="web.filed").count() == 1


def test_errors_at_the_desk_keep_what_was_typed(house: House) -> None:
    desk = Desk(house)
    answer = desk.file(desk.begin(house.ana), what="Taxi", amount="much")
    assert answer.status_code == 422
    assert 'value="much"' in answer.content.decode()
    assert not Request.objects.exists()


def test_somebody_without_whatsapp_is_told_by_mail(house: House) -> None:
    desk = Desk(house)
    rui = make_employee("Rui", phone="", email="rui@aurora.example", manager=house.caio)
    desk.file(desk.begin(rui), what="Taxi", amount="80")
    assert letters.send_waiting(mailing.LINKS) == 1
    (letter,) = mail.outbox
    assert Request.objects.get().code in letter.subject
    assert "Taxi" not in str(letter.body)
    link = Link.objects.get(why="filed")
    assert Request.objects.get().code in Visitor(link).see()
    assert link.made_by == desk.user
    assert desk.user.as_actor().label in str(letter.body)
    made = Entry.objects.filter(name="link.made").latest("id")
    assert (made.actor_kind, made.actor_id) == ("user", str(desk.user.pk))


def test_whoever_filed_it_is_named_wherever_the_request_is_shown(house: House) -> None:
    desk = Desk(house)
    own = house.ask("80.00", flow=desk.flow)
    desk.file(desk.begin(house.ana), what="Taxi", amount="80")
    filed = Request.objects.latest("id")

    def says(request: Request) -> list[bool]:
        decision = Visitor(services.make_decision_link(employee=house.caio, request=request))
        shown = [
            desk.client.get(reverse("admin:approvals_request_change", args=[request.pk])).content.decode(),
            decision.see("?lang=en"), decision.send("?lang=en", verdict="approve"),
            said_to(house.caio, "request.asked")[-1 if request == filed else 0].text,
        ]  # fmt: skip
        return [re.search(f"[Ff]iled by {desk.user.as_actor().label}", text) is not None for text in shown]

    assert says(own) == [False] * 4
    assert says(filed) == [True] * 4
    mine = Visitor(services.make_list_link(employee=house.ana)).see("?lang=en")
    assert mine.count(f"Filed by {desk.user.as_actor().label}") == 1
    assert "Filed by" not in " ".join(message.text for message in said_to(house.ana, "request.submitted"))


def test_whoever_filed_it_does_not_decide_it_once_they_are_an_employee(house: House) -> None:
    desk = Desk(house)
    desk.hana.user = None
    desk.hana.save()
    desk.file(desk.begin(house.ana), what="Taxi", amount="80")
    house.caio.user = desk.user
    house.caio.save()
    with pytest.raises(NotPermittedError):
        decide(Request.objects.get(), house.caio)


def test_hr_is_told_when_nothing_reaches_the_person(house: House) -> None:
    desk = Desk(house)
    rui = make_employee("Rui", phone="", manager=house.caio)
    assert "tell them the code yourself" in desk.file(desk.begin(rui), what="Taxi", amount="80").content.decode()


def test_the_desk_says_whether_the_message_left_waits_or_reaches_nobody(house: House) -> None:
    """Ana has written today, Bia has not, and Fabio's phone is not to be reached: of him HR hears at once, or he by mail."""
    desk = Desk(house)
    Window.objects.create(contact=house.ana.contacts.get(), number=the_number(), last_inbound_at=core_clock.now())
    Contact.objects.filter(employee=house.fabio).update(unreachable_since=core_clock.now())
    links = {one.name: desk.begin(one) for one in (house.ana, house.bia, house.fabio)}
    said = {}
    for who, link in links.items():
        pages = [desk.file(link, what="Taxi", amount="80").content.decode() for _press in range(2)]
        (said[who],) = {re.search(r"Filed as R-\d+ for [^<]+", page)[0].strip() for page in pages}  # type: ignore[index]
    assert said["Ana"].endswith("who is told.")
    assert "The message to them waits. The person wrote more than 24 hours ago" in said["Bia"]
    assert said["Fabio"].endswith("tell them the code yourself.")
    Employee.objects.filter(pk=house.fabio.pk).update(email="fabio@aurora.example")
    assert "who is told." in desk.file(desk.begin(house.fabio), what="Taxi", amount="80").content.decode()
    assert letters.send_waiting(mailing.LINKS) == 1


@pytest.mark.parametrize("choice", ["incidents.report:²", "incidents.report:" + "9" * 5000, "approvals.request:a\0b",
                                    "approvals.request:", "incidents.report", "web.mine:1", "\0"])  # fmt: skip
def test_whatever_is_posted_as_a_choice_makes_nothing_and_breaks_nothing(house: House, choice: str) -> None:
    desk = Desk(house)
    assert "Nothing was made" in desk.make(house.ana, f"form-{choice}")
    answer = desk.client.post(reverse("admin:web_link_behalf", args=[house.ana.pk]), {"what": choice})
    assert "Nothing was made" in answer.content.decode()
    assert not Link.objects.exists()


def test_whoever_filed_it_does_not_decide_it_even_as_the_manager(house: House) -> None:
    """Hana is the manager of Zoe, files for Zoe, and the boss above decides instead."""
    desk = Desk(house, employee=make_employee("Hana", manager=house.boss))
    zoe = make_employee("Zoe", manager=desk.hana)
    desk.file(desk.begin(zoe), what="Taxi", amount="80")
    request = Request.objects.get()
    assert seats(request) == [("Boss", "Hana")]
    with pytest.raises(NotPermittedError):
        decide(request, desk.hana)
    with pytest.raises(NotPermittedError):
        services.make_decision_link(employee=house.boss, request=request, by=desk.user)
    page = desk.client.get(reverse("admin:approvals_request_change", args=[request.pk])).content.decode()
    assert "stage_run" not in page


def test_the_page_of_a_form_begun_at_the_desk_is_no_link_and_nobody_elses(house: House) -> None:
    desk = Desk(house)
    link = desk.begin(house.ana)
    visitor = Visitor(link)
    visitor.see()
    assert visitor.code == 404
    other = Client()
    other.force_login(make_user(roles=["HR"]))
    posted = {"shown": ["what", "amount", "receipt"], "f-what": "x", "f-amount": "1"}
    other.post(reverse("admin:web_link_fill", args=[link.pk]), posted)
    assert not Request.objects.exists()


def test_a_link_of_a_person_is_not_filled_in_at_the_desk(house: House) -> None:
    """It would count as the person's own doing."""
    desk = Desk(house)
    desk.make(house.ana, f"form-{desk.choice}")
    desk.make(house.ana, "mine")
    for link in Link.objects.all():
        answer = desk.file(link, what="Taxi", amount="80")
        assert "may not do this" in answer.content.decode()
        shown = desk.client.get(reverse("admin:web_link_fill", args=[link.pk]), follow=True)
        assert "f-what" not in shown.content.decode()
        with pytest.raises(NotPermittedError):
            filling.send_in(link=link, posted=QueryDict(), chosen=MultiValueDict(), language="en", filed_by=desk.user)
    assert not Request.objects.exists()


def test_a_request_out_of_sight_is_not_offered_and_no_link_to_it_is_made(house: House) -> None:
    """Mara leads Fabio, who decides on a request of Ana; Ana is nobody of hers."""
    mara = make_employee("Mara")
    house.fabio.manager, house.fabio.email = mara, "fabio@aurora.example"
    house.fabio.save()
    user = make_user(roles=["Manager"], employee=mara)
    user.user_permissions.add(Permission.objects.get(codename="make_link"))
    request = house.ask()
    decide(request, house.caio)
    request.refresh_from_db()
    desk = Client()
    desk.force_login(user)
    page = desk.get(reverse("admin:web_link_make", args=[house.fabio.pk])).content.decode()
    assert "Fabio" in page
    assert request.code not in page
    with pytest.raises(NotPermittedError):
        services.make_decision_link(employee=house.fabio, request=request, by=user)
    assert services.make_decision_link(employee=house.fabio, request=request, by=make_user(roles=["HR"]))


def test_the_pages_of_the_desk_show_no_gap(house: House) -> None:
    desk = Desk(house)
    for name in ("make", "behalf"):
        page = desk.client.get(reverse(f"admin:web_link_{name}", args=[house.ana.pk])).content.decode()
        assert "Ana" in page
        assert desk.choice in page
    page = desk.client.get(reverse("admin:web_link_fill", args=[desk.begin(house.ana).pk])).content.decode()
    assert re.search(r'<label for="f-what">', page)
    assert "csrfmiddlewaretoken" in page
