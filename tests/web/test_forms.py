"""A form on one page: every type, errors beside their fields, uploads that outlive them, and one submission however often."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.approvals import checks
from apps.approvals import services as approvals
from apps.approvals.models import Request
from apps.files.models import File, Thumbnail
from apps.forms.models import Form, Submission
from apps.incidents.models import Ticket
from apps.journal.actors import SYSTEM
from apps.journal.models import Body, Entry
from apps.people.models import Employee, User
from apps.timers import sweeper
from apps.web import services
from apps.web.models import Link
from tests.approvals.house import House
from tests.conftest import Clock
from tests.factories import (
    make_absence,
    make_category,
    make_employee,
    make_flow,
    make_form,
    make_team,
    make_user,
    the_number,
)  # fmt: skip
from tests.web.visitor import PNG, Visitor, kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def desk_page(user: User, address: str) -> str:
    """What a sign-in reads there."""
    desk = Client()
    desk.force_login(user)
    return str(desk.get(address).content.decode())


def link_to(employee: Employee, flow: Any) -> Link:
    return services.make_form_link(employee=employee, choice=f"approvals.request:{flow.key}", by=SYSTEM)


def photo(name: str = "receipt.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def asking(*fields: dict[str, Any], manager: bool = True) -> tuple[Visitor, Form]:
    """A visitor at an own form, as somebody without WhatsApp and without a phone."""
    the_number()
    form = make_form("", *fields)
    who = make_employee("Rui", phone="", manager=make_employee("Boss"))
    flow = make_flow({"approver": "manager"}, form=form, amount_field="", summary_field="")
    return Visitor(link_to(who, flow)), form


def test_an_expense_by_link_becomes_a_request_with_its_receipt(house: House) -> None:
    link = link_to(house.ana, house.expense_flow())
    ana = Visitor(link)
    page = ana.fill(query="?lang=en", what="Taxi", amount="R$ 780,00", receipt=photo())
    request = Request.objects.get()
    assert ana.code == 200
    assert f"<strong>{request.code}</strong>" in page
    assert (str(request.amount), request.summary, request.requester) == ("780.00", "Taxi", house.ana)
    assert File.objects.get().owner_type == "approvals.request"
    assert "See my requests" in page
    used = Entry.objects.get(name="link.used")
    assert (used.actor_kind, used.actor_id, used.after["became"]) == ("employee", str(house.ana.pk), request.code)


def test_a_report_by_link_becomes_a_ticket() -> None:
    the_number()
    rui = make_employee("Rui", phone="")
    category = make_category(make_team("IT", members=[make_employee()]))
    link = services.make_form_link(employee=rui, choice=f"incidents.report:{category.pk}", by=SYSTEM)
    page = Visitor(link).fill(
        shown=("what", "photos"), what="The lift is stuck", photos=[photo("a.png"), photo("b.png", PNG + b"x")]
    )
    ticket = Ticket.objects.get()
    assert ticket.code in page
    assert (ticket.reporter, ticket.summary) == (rui, "The lift is stuck")


def test_a_second_press_and_a_late_reload_are_the_same_submission(house: House) -> None:
    ana = Visitor(link_to(house.ana, house.expense_flow()))
    pages = {ana.fill(what="Taxi", amount="780"), ana.fill(what="Other", amount="90"), ana.see()}
    assert len(pages) == 1
    assert (Request.objects.count(), Submission.objects.count()) == (1, 1)


def test_errors_stand_at_their_fields_and_keep_what_was_given(house: House) -> None:
    link = link_to(house.ana, house.expense_flow())
    ana = Visitor(link)
    page = ana.fill(query="?lang=en", what="Taxi <b>", amount="much", receipt=photo())
    assert ana.code == 422
    assert 'href="#f-amount"' in page
    assert 'id="f-amount-error"' in page
    assert 'aria-describedby="f-amount-hint f-amount-error"' in page
    assert 'aria-invalid="true"' in page
    assert "Taxi <b>" in page
    assert 'value="much"' in page
    assert "<b>" not in ana.answer.content.decode()
    assert kept(link) == ["receipt.png"]
    assert "receipt.png" in page
    assert not Request.objects.exists()
    page = ana.fill(what="Taxi", amount="10")
    assert Request.objects.get().submission.answers["receipt"] == [File.objects.get().pk]


def test_an_empty_page_is_told_what_is_missing_and_nothing_is_kept(house: House) -> None:
    ana = Visitor(link_to(house.ana, house.expense_flow()))
    page = ana.fill(query="?lang=en")
    assert page.count("An answer is needed here.") == 4  # what and amount, each in the summary and at its field
    assert not Submission.objects.exists()


def test_a_kept_file_can_be_left_out_and_the_same_one_twice_is_one(house: House) -> None:
    link = link_to(house.ana, house.expense_flow())
    ana = Visitor(link)
    ana.fill(amount="?", receipt=[photo("a.png"), photo("again.png")])
    assert kept(link) == ["a.png"]
    ana.fill(amount="?", receipt=photo("b.png", PNG + b"x"))
    assert kept(link) == ["a.png", "b.png"]
    link.refresh_from_db()
    ana.fill(what="Taxi", amount="10", **{"drop-receipt": [str(link.kept["receipt"][0])]})
    assert [File.objects.get(pk=pk).name for pk in Request.objects.get().submission.answers["receipt"]] == ["b.png"]


@pytest.mark.parametrize(("name", "content", "said"), [
    ("a.png", b"MZ\0\0 a program", "is not a photo"),
    ("a.jpg", b"<html><script>1</script></html>", "is not a photo"),
    ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "is not a photo"),
    ("a.png", PNG[:60], "broken"),
    ("a.pdf", b"%PDF-1.4 hello", "is not a photo"),
])  # fmt: skip
def test_what_is_no_photo_is_refused_by_its_content(house: House, name: str, content: bytes, said: str) -> None:
    link = link_to(house.ana, house.expense_flow())
    page = Visitor(link).fill(query="?lang=en", what="Taxi", amount="10", receipt=photo(name, content))
    assert said in page
    assert kept(link) == []
    assert not Request.objects.exists()


def test_too_many_and_too_large_files_are_refused_and_the_others_kept(house: House, settings: Any) -> None:
    link = link_to(house.ana, house.expense_flow())
    ana = Visitor(link)
    many = [photo(f"{number}.png", PNG + bytes([number])) for number in range(5)]
    assert "At most 3" in ana.fill(query="?lang=en", what="Taxi", amount="10", receipt=many)
    assert kept(link) == ["0.png", "1.png", "2.png"]
    settings.FILES_LARGEST = {**settings.FILES_LARGEST, "image": 10}
    other = link_to(house.ana, house.expense_flow())
    assert "larger than" in Visitor(other).fill(query="?lang=en", what="Taxi", amount="10", receipt=photo())
    assert not Request.objects.exists()


def test_a_file_that_is_kept_already_is_not_one_too_many_and_is_kept_once(house: House) -> None:
    link = link_to(house.ana, house.expense_flow())
    ana = Visitor(link)
    many = [photo(f"{number}.png", PNG + bytes([number])) for number in range(3)]
    ana.fill(amount="?", receipt=many)
    page = ana.fill(query="?lang=en", amount="?", receipt=photo("again.png", PNG + bytes([1])))
    assert "At most 3" not in page
    assert kept(link) == ["0.png", "1.png", "2.png"]
    assert File.objects.count() == 3


@pytest.fixture
def own_disk(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def stored() -> list[str]:
    """The names (sha256) of all bytes on the disk that are no thumbnail's."""
    small = set(Thumbnail.objects.values_list("sha256", flat=True))
    return sorted({path.name for path in Path(house_settings.MEDIA_ROOT).glob("??/*")} - small)


@pytest.mark.usefixtures("own_disk")
def test_what_was_ticked_away_leaves_the_disk_a_day_later_and_what_was_sent_in_stays(
    house: House, clock: Clock
) -> None:
    link = link_to(house.ana, house.expense_flow())
    ana = Visitor(link)
    ana.fill(amount="?", receipt=[photo("a.png"), photo("b.png", PNG + b"x")])
    link.refresh_from_db()
    gone, stays = (File.objects.get(pk=pk) for pk in link.kept["receipt"])
    ana.fill(what="Taxi", amount="10", **{"drop-receipt": [str(gone.pk)]})
    assert list(File.objects.all()) == [stays]
    sweeper.sweep()
    assert stored() == sorted([gone.sha256, stays.sha256])
    clock.wind(25 * 3600)
    sweeper.sweep()
    assert stored() == [stays.sha256]
    clock.wind(30 * 24 * 3600)
    sweeper.sweep()
    assert stored() == [stays.sha256]


@pytest.mark.usefixtures("own_disk")
def test_bytes_that_somebody_chose_again_stay(house: House, clock: Clock) -> None:
    ana = Visitor(link_to(house.ana, house.expense_flow()))
    ana.fill(amount="?", receipt=photo())
    (pk,) = Link.objects.get(pk=ana.link.pk).kept["receipt"]
    ana.fill(amount="?", **{"drop-receipt": [str(pk)]})
    assert not File.objects.exists()
    clock.wind(23.5 * 3600)
    bia = Visitor(link_to(house.bia, house.expense_flow()))
    bia.fill(amount="?", receipt=photo())
    clock.wind(3600)
    sweeper.sweep()
    assert stored() == [File.objects.get().sha256]


@pytest.mark.usefixtures("own_disk")
def test_files_of_a_page_that_was_never_sent_in_go_when_its_time_is_over(house: House, clock: Clock) -> None:
    ana = Visitor(link_to(house.ana, house.expense_flow()))
    ana.fill(amount="?", receipt=photo())
    assert stored() == [File.objects.get().sha256]
    for _day in range(10):
        clock.wind(24 * 3600)
        sweeper.sweep()
    assert not File.objects.exists()
    assert not stored()
    assert not Thumbnail.objects.exists()


def test_a_file_of_a_question_that_fell_away_is_not_kept() -> None:
    rui, _form = asking(
        {"key": "a", "kind": "yesno"},
        {"key": "paper", "kind": "photo", "condition": {"field": "a", "op": "eq", "value": True}},
        {"key": "other", "kind": "photo", "is_required": False},
    )
    rui.fill(shown=("a",), a="yes")
    rui.fill(shown=("a", "paper", "other"), a="maybe", paper=photo())
    assert File.objects.count() == 1
    rui.fill(shown=("a", "paper", "other"), a="no")
    assert Submission.objects.get().answers["a"] is False
    assert not File.objects.exists()


def test_each_file_that_is_refused_is_named(house: House) -> None:
    wrong = [photo("a.png", b"MZ\0\0 a program"), photo("b.pdf", b"%PDF-1.4 hello"), photo("c.png")]
    link = link_to(house.ana, house.expense_flow())
    page = Visitor(link).fill(query="?lang=en", what="Taxi", amount="10", receipt=wrong)
    assert "“a.png” is not a photo" in page
    assert "“b.pdf” is not a photo" in page
    assert kept(link) == ["c.png"]


def test_a_document_that_can_run_is_refused() -> None:
    rui, _form = asking({"key": "paper", "kind": "document"})
    page = rui.fill(shown=("paper",), paper=photo("invoice.pdf", b"MZ\0\0 a program"))
    assert "cannot be taken" in page
    assert not Request.objects.exists()
    rui.fill(shown=("paper",), paper=photo("invoice.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF"))
    assert Request.objects.count() == 1


EVERY = (
    {"key": "t", "kind": "text", "limits": {"max_length": 50}}, {"key": "n", "kind": "number", "limits": {"max": 9}},
    {"key": "m", "kind": "money", "limits": {"currency": "EUR"}}, {"key": "d", "kind": "date", "limits": {"max": "today"}},
    {"key": "c", "kind": "choice", "choices": [{"key": "x", "label": {"en": "Ex"}}, {"key": "y", "label": {"en": "Why"}}]},
    {"key": "b", "kind": "yesno"}, {"key": "l", "kind": "location", "limits": {"typed": True}},
    {"key": "o", "kind": "text", "is_required": False},
)  # fmt: skip


def test_every_type_is_asked_and_read_as_in_the_chat() -> None:
    rui, _form = asking(*EVERY)
    page = rui.see()
    for control in ('type="date"', 'type="radio"', 'inputmode="decimal"', "<textarea", 'maxlength="50"', "€"):
        assert control in page
    keys = tuple(field["key"] for field in EVERY)
    page = rui.fill(shown=keys, t="x" * 51, n="10", m="US$ 5", d="2999-01-01", c="z", b="maybe", l="")
    for said in ("too long", "at most 9", "EUR", "cannot be after", "one of the options", "yes or no"):
        assert said in page
    rui.fill(shown=keys, t="hi", n="3.5", m="1,780.50", d="2026-01-02", c="y", b="yes", l="Gate 2")
    assert Submission.objects.get().answers == {
        "t": "hi", "n": "3.5", "m": "1780.50", "d": "2026-01-02", "c": "y", "b": True, "o": None,
        "l": {"latitude": None, "longitude": None, "name": "Gate 2", "address": ""},
    }  # fmt: skip


def test_a_place_that_may_not_be_typed_is_asked_without_the_chats_words() -> None:
    rui, _form = asking({"key": "l", "kind": "location"})
    page = rui.fill(shown=("l",), l="somewhere")
    assert "paper clip" not in page
    assert "Paste the link of a map" in page
    rui.fill(shown=("l",), l="https://maps.google.com/?q=-23.55,-46.63")
    assert Submission.objects.get().answers["l"]["latitude"] == -23.55


def test_a_question_that_comes_up_is_asked_before_anything_is_sent() -> None:
    rui, _form = asking(
        {"key": "a", "kind": "yesno"},
        {"key": "why", "kind": "text", "condition": {"field": "a", "op": "eq", "value": True}},
    )
    assert "f-why" not in rui.see()
    page = rui.fill(shown=("a",), a="yes")
    assert rui.code == 422
    assert 'name="f-why"' in page
    assert "came up because of your answers" in page
    assert "checked" in page
    rui.fill(shown=("a", "why"), a="no", why="dropped")
    assert Submission.objects.get().answers == {"a": False}


def test_a_file_for_a_question_that_fell_away_blocks_nothing() -> None:
    rui, _form = asking(
        {"key": "a", "kind": "yesno"},
        {"key": "proof", "kind": "photo", "condition": {"field": "a", "op": "eq", "value": True}},
    )
    rui.fill(shown=("a", "proof"), a="no", proof=photo("notes.txt", b"no photo at all"))
    assert rui.code == 200
    assert Submission.objects.get().answers == {"a": False}


def test_a_sensitive_answer_is_read_by_whoever_decides_and_masked_for_others() -> None:
    rui, _form = asking({"key": "iban", "kind": "text", "is_sensitive": True}, {"key": "what", "kind": "text"})
    rui.fill(shown=("iban", "what"), iban="BR9700360305", what="Taxi")
    request = Request.objects.get()
    decider = Visitor(services.make_decision_link(employee=request.requester.manager, request=request))  # type: ignore[arg-type]
    assert "BR9700360305" in decider.see()
    own = Visitor(services.make_list_link(employee=request.requester))
    assert "BR9700360305" not in own.see() + own.send(act="withdraw", request=request.pk)
    boss, page = request.requester.manager, reverse("admin:approvals_request_change", args=[request.pk])
    assert boss is not None
    over = make_employee("Over")
    hr, filer = make_user(roles=["HR"], employee=make_employee("Hana")), make_user(roles=["HR"])
    users = {"decides": make_user(roles=["Manager"], employee=boss), "may decide": hr, "audits": make_user(roles=["Auditor"]),
             "files": filer, "stands in": make_user(roles=["Manager"], employee=over)}  # fmt: skip

    def readers() -> list[str]:
        return [who for who, user in users.items() if "BR9700360305" in desk_page(user, page)]

    assert readers() == ["decides"]
    Submission.objects.update(filed_by=filer)
    assert readers() == ["decides", "files"]
    make_absence(boss, deputy=over)
    approvals.reseat(employee=boss)
    assert readers() == ["files", "stands in"]
    approvals.withdraw(request=request, by=request.requester)
    assert readers() == ["files"]


def test_a_sensitive_answer_of_a_report_is_read_by_whoever_answers_it_and_masked_for_others() -> None:
    the_number()
    bob = make_employee("Bob")
    form = make_form("", {"key": "iban", "kind": "text", "is_sensitive": True}, {"key": "what", "kind": "text"})
    category = make_category(make_team("IT", members=[bob]), form=form)
    link = services.make_form_link(employee=make_employee(), choice=f"incidents.report:{category.pk}", by=SYSTEM)
    Visitor(link).fill(shown=("iban", "what"), iban="BR9700360305", what="My pay")
    page = reverse("admin:incidents_ticket_change", args=[Ticket.objects.get().pk])
    users = {"answers": make_user(roles=["Responder"], employee=bob), "audits": make_user(roles=["Auditor"]),
             "may answer others": make_user(roles=["HR", "Responder"], employee=make_employee("Hana"))}  # fmt: skip
    pages = {who: desk_page(user, page) for who, user in users.items()}
    assert all("My pay" in text for text in pages.values())
    assert [who for who, text in pages.items() if "BR9700360305" in text] == ["answers"]


def test_a_sensitive_amount_stands_in_no_message() -> None:
    the_number()
    form = make_form("", {"key": "pay", "kind": "money", "is_sensitive": True, "limits": {"currency": "BRL"}})
    flow = make_flow({"approver": "manager"}, form=form, amount_field="pay", summary_field="", page_above=1)
    link = link_to(make_employee(manager=make_employee("Boss")), flow)
    Visitor(link).fill(shown=("pay",), pay="78123")
    assert (Request.objects.get().amount, Request.objects.get().is_step_up) == (None, False)
    assert any("sensitive" in sentence for sentence in checks.problems(flow))


def test_a_sensitive_answer_stands_in_the_submission_and_nowhere_else() -> None:
    rui, _form = asking({"key": "iban", "kind": "text", "is_sensitive": True}, {"key": "what", "kind": "text"})
    rui.fill(shown=("iban", "what"), iban="BR9700360305", what="Taxi")
    assert Submission.objects.get().answers["iban"] == "BR9700360305"
    texts = [*Body.objects.values_list("content", flat=True), *map(str, Entry.objects.values()), *map(str, Link.objects.values()),
             *map(str, Request.objects.values())]  # fmt: skip
    assert not [text for text in texts if "BR9700360305" in text]


@pytest.mark.parametrize(
    "hostile",
    [
        "\0",
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
        "\u202e evil",
        "x" * 5000,
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
    ],
)
def test_hostile_text_breaks_nothing(house: House, hostile: str) -> None:
    ana = Visitor(link_to(house.ana, house.expense_flow()))
    ana.fill(what=hostile, amount=hostile)
    assert ana.code in {422, 400}
    assert "<script>alert" not in ana.answer.content.decode()
    assert not Request.objects.exists()


def test_somebody_elses_file_cannot_be_named(house: House) -> None:
    first = Visitor(link_to(house.ana, house.expense_flow()))
    first.fill(amount="?", receipt=photo())
    stolen = File.objects.get()
    second = link_to(house.bia, house.expense_flow())
    Visitor(second).send(
        shown=["what", "amount", "receipt"],
        **{"f-what": "x", "f-amount": "1", "f-receipt": str(stolen.pk), "kept": str(stolen.pk)},
    )
    assert Request.objects.get().submission.answers["receipt"] is None
    stolen.refresh_from_db()
    assert stolen.owner_type == "web.link"


def test_a_flow_that_is_no_longer_offered_says_so_and_keeps_the_link(house: House) -> None:
    flow = house.expense_flow()
    link = link_to(house.ana, flow)
    flow.is_active = False
    flow.save()
    page = Visitor(link).fill(query="?lang=en", what="Taxi", amount="10")
    assert "cannot be requested at present" in page
    link.button.refresh_from_db()
    assert link.button.used_at is None
    assert not Submission.objects.exists()


def test_an_edited_form_is_filled_in_as_it_was_when_the_link_was_made(house: House) -> None:
    link = link_to(house.ana, house.expense_flow())
    Form.objects.get(key="expense").fields.filter(key="what").delete()
    Visitor(link).fill(what="Taxi", amount="10")
    assert Request.objects.get().submission.answers["what"] == "Taxi"


def test_half_an_hour_later_the_used_link_shows_the_code_only(house: House, clock: Any) -> None:
    ana = Visitor(link_to(house.ana, house.expense_flow()))
    ana.fill(query="?lang=en", what="Taxi", amount="10")
    clock.wind(1900)
    page = ana.see("?lang=en")
    assert Request.objects.get().code in page
    assert "See my requests" not in page
