import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.incidents import queries
from apps.incidents.models import Category, Ticket
from apps.people.models import Employee
from tests.factories import make_category, make_team, make_user, report_form
from tests.incidents.test_tickets import JPEG, House, said_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path
    return House()


def signed_in(employee: Employee | None = None, *roles: str) -> Client:
    client = Client()
    client.force_login(make_user(employee=employee, roles=roles))
    return client


def page_of(client: Client, ticket: Ticket) -> str:
    return client.get(reverse("admin:incidents_ticket_change", args=[ticket.pk])).content.decode()


def press(client: Client, ticket: Ticket, name: str, **values: object) -> str:
    return client.post(
        reverse(f"admin:incidents_ticket_{name}", args=[ticket.pk]), values, follow=True
    ).content.decode()


def test_the_page_shows_the_report_its_photos_and_what_may_be_done(house: House):
    ticket = house.report(photos=2)
    responder = signed_in(house.bia, "Responder")
    page = page_of(responder, ticket)
    for words in (ticket.code, "The lift is stuck", "/admin/files/", ">Take</button>", ">Resolve</button>"):
        assert words in page
    auditor = page_of(signed_in(None, "Auditor"), ticket)
    assert "The lift is stuck" in auditor
    assert ">Take</button>" not in auditor


def test_taking_commenting_and_resolving_on_the_page(house: House):
    ticket = house.report()
    bia, caio = signed_in(house.bia, "Responder"), signed_in(house.caio, "Responder")
    assert "is yours" in press(bia, ticket, "take")
    assert "Already taken by Bia" in press(caio, ticket, "take")
    photo = SimpleUploadedFile("pump.jpg", JPEG)
    press(bia, ticket, "comment", text="Coming at ten", files=photo)
    assert "Coming at ten" in said_to(house.ana, "ticket.answered")[0].data["text"]
    assert ticket.notes.get().files.get().owner_type == "incidents.ticket"
    press(bia, ticket, "comment", text="He always says that", internal="1")
    assert len(said_to(house.ana, "ticket.answered")) == 1
    press(bia, ticket, "resolve", text="New fuse")
    assert said_to(house.ana, "ticket.resolved")[0].data["text"] == "New fuse"
    page = page_of(bia, ticket)
    for words in ("Coming at ten", "He always says that", "New fuse", "resolved it"):
        assert words in page


def test_a_link_changes_nothing(house: House):
    ticket = house.report()
    signed_in(house.bia, "Responder").get(reverse("admin:incidents_ticket_take", args=[ticket.pk]))
    assert Ticket.objects.get().state == "new"


def test_reading_is_not_answering(house: House):
    ticket = house.report()
    assert "may read" in press(signed_in(house.bia, "HR"), ticket, "take")
    assert "no employee" in press(signed_in(None, "Auditor"), ticket, "take")
    press(signed_in(house.duda, "Responder"), ticket, "take")
    assert Ticket.objects.get().state == "new"


def test_another_teams_ticket_is_nowhere_to_be_found(house: House):
    ticket = house.report()
    client = signed_in(house.duda, "Responder")
    assert client.get(reverse("admin:incidents_ticket_change", args=[ticket.pk])).status_code == 302
    assert "lift" not in client.get(reverse("admin:incidents_ticket_changelist"), {"q": ticket.code}).content.decode()


def test_the_list_filters_by_who_must_act_and_finds_codes(house: House):
    ticket, other = house.report("First thing"), house.report("Second thing")
    bia = signed_in(house.bia, "Responder")
    press(bia, ticket, "take")
    address = reverse("admin:incidents_ticket_changelist")

    def listed(**query: str) -> list[bool]:
        page = bia.get(address, query).content.decode()
        return ["First thing" in page, "Second thing" in page]

    assert listed(who="nobody") == [False, True]
    assert listed(who="mine") == [True, False]
    assert listed(q=other.code.lower()) == [False, True]
    assert listed(state__exact="taken") == [True, False]


def test_the_list_asks_the_database_the_same_however_long_it_is(house: House, django_assert_max_num_queries):
    for _n in range(8):
        house.report()
    client = signed_in(None, "HR")
    with django_assert_max_num_queries(25):
        client.get(reverse("admin:incidents_ticket_changelist"))


def test_the_page_names_responders_whom_no_message_reaches(house: House):
    house.bia.contacts.update(state="suspended")
    assert "No message can reach" in page_of(signed_in(house.caio, "Responder"), house.report())


def test_a_category_is_named_in_every_language_and_never_lies_below_itself(house: House):
    client, team = signed_in(None, "HR"), make_team("IT")
    values = {"name_en": "Computers", "name_pt_br": "Computadores", "name_es": "Equipos", "team": team.pk,
              "form": report_form().pk, "order": 1, "is_active": "on"}  # fmt: skip
    client.post(reverse("admin:incidents_category_add"), values)
    category = Category.objects.get(team=team)
    assert category.name == {"en": "Computers", "pt-br": "Computadores", "es": "Equipos"}
    child = make_category(team, name="Mice", parent=category)
    change = reverse("admin:incidents_category_change", args=[category.pk])
    assert "lies below" in client.post(change, {**values, "parent": child.pk}).content.decode()
    assert client.post(reverse("admin:incidents_category_add"), {**values, "name_en": "x" * 25}).status_code == 200
    assert "nobody: put people" in client.get(reverse("admin:incidents_category_changelist")).content.decode()


def test_internal_comments_are_read_by_who_answers_and_not_by_the_reporter_or_their_manager(house: House):
    ticket = house.report()
    boss = house.person("Boss", "en")
    Employee.objects.filter(pk=house.ana.pk).update(manager=boss)
    bia = signed_in(house.bia, "Responder")
    press(bia, ticket, "take")
    proof = SimpleUploadedFile("proof.jpg", JPEG)
    press(bia, ticket, "comment", text="He always says that", internal="1", files=proof)
    internal = ticket.notes.get().files.get()
    for reader, is_told in ((house.bia, True), (house.caio, True), (boss, False)):
        client = bia if reader == house.bia else signed_in(reader, "Manager", "Responder")
        page = page_of(client, ticket)
        assert ticket.code in page
        assert ("He always says that" in page) == is_told
        assert queries.may_see_file(reader.user or house.bia.user, internal) == is_told
    ana = make_user(employee=house.ana, roles=["Responder"])
    assert not queries.may_read_internal(ana, ticket)
    assert "He always says that" in page_of(signed_in(None, "Auditor"), ticket)
