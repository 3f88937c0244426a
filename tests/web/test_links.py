"""What opens a page and what does not: forged, cut, late, revoked, another face, another person, too many."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.module_loading import import_string

from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.outbox import buttons
from apps.people import leaving
from apps.people import services as people
from apps.web import pacing, queries, services
from apps.web.models import Link
from tests.approvals.house import House, button, react
from tests.conftest import Clock
from tests.factories import make_team, make_user
from tests.web.visitor import Visitor, path

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def expense_link(house: House, **values: Any) -> Link:
    flow = house.expense_flow()
    return services.make_form_link(
        **{"employee": house.ana, "choice": f"approvals.request:{flow.key}", "by": SYSTEM, **values}
    )


def test_a_page_is_served_plain_and_gives_its_address_to_nobody(house: House) -> None:
    ana = Visitor(expense_link(house))
    page = ana.see()
    assert ana.code == 200
    headers = ana.answer.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert not ana.answer.cookies
    assert "<script" not in page
    assert " style=" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_looking_uses_nothing_up(house: House) -> None:
    link = expense_link(house)
    before = Entry.objects.count()
    for method in ("get", "head", "get"):
        assert getattr(Client(), method)(path(link)).status_code == 200
    link.button.refresh_from_db()
    assert link.button.used_at is None
    assert Entry.objects.count() == before


def test_whatever_opens_nothing_looks_the_same(house: House, clock: Clock) -> None:
    link, other, late = expense_link(house), expense_link(house), expense_link(house)
    token = buttons.token(link.button)
    services.revoke_link(link=other)
    request = house.ask()
    pages = set()
    late.button.expires_at = late.button.created_at - timedelta(seconds=1)
    late.button.save()
    head = token.rsplit(".", 1)[0]
    wrong = [
        token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1"), token + "0", head, "w1", "x" * 300, "w1.é.a.b", "w1...",
        token.replace("w1.", "b1."), buttons.payload(button(house.caio, "approve")),
        buttons.payload(button(house.caio, "approve")).replace("b1.", "w1."),
        buttons.payload(link.button), buttons.token(other.button), buttons.token(late.button),
    ]  # fmt: skip
    assert request.pk
    for text in wrong:
        pacing_free = Client(REMOTE_ADDR=f"10.0.0.{len(pages) + wrong.index(text)}")
        answer = pacing_free.get(f"/f/{text}/")
        assert answer.status_code == 404, text
        assert "Ana" not in answer.content.decode()
        pages.add(answer.content)
    assert len(pages) == 1


def test_a_revoked_link_and_one_whose_time_is_over_take_no_post(house: House, clock: Clock) -> None:
    link = expense_link(house)
    ana = Visitor(link)
    clock.wind(8 * 86400)
    ana.fill(what="Taxi", amount="10")
    assert ana.code == 404
    assert not house.ana.requests.exists()


def test_a_chat_button_is_no_link_and_a_link_no_chat_button(house: House) -> None:
    link = expense_link(house)
    house.ask()
    assert buttons.find(buttons.token(link.button)) is None
    assert buttons.find_web(buttons.payload(button(house.caio, "approve"))) is None
    assert buttons.find_web(buttons.token(link.button)) == link.button


def test_neither_the_tables_nor_the_journal_hold_a_token(house: House) -> None:
    link = expense_link(house)
    token = buttons.token(link.button)
    signature = token.rsplit(".", 1)[1]
    texts = [
        *map(str, Link.objects.values()),
        *map(str, Entry.objects.values()),
        *map(str, type(link.button).objects.values()),
    ]
    assert not [text for text in texts if signature in text]


def test_the_log_holds_no_token(house: House, settings: Any) -> None:
    token = buttons.token(expense_link(house).button)
    line = logging.LogRecord("django.request", logging.WARNING, "", 1, "%s: %s", ("Not Found", f"/f/{token}/"), None)
    (name,) = settings.LOGGING["handlers"]["console"]["filters"]
    assert import_string(settings.LOGGING["filters"][name]["()"])().filter(line)
    assert line.getMessage() == "Not Found: /f/•••/"


def test_somebody_who_left_reads_a_kind_sentence_and_sends_nothing(house: House) -> None:
    ana = Visitor(expense_link(house))
    people.mark_left(employee=house.ana, by=SYSTEM)
    assert "fale com o RH" in ana.see()
    assert ana.code == 403
    ana.fill(what="Taxi", amount="10")
    assert ana.code == 403
    assert not house.ana.requests.exists()


def test_a_leavers_links_are_listed_and_end(house: House) -> None:
    link = expense_link(house)
    (thing,) = [one for one in leaving.open_things(house.ana) if one.key.startswith("web.links:")]
    assert (thing.key, thing.may_move) == (f"web.links:{link.pk}", False)
    assert Client().get(path(link)).status_code == 200
    people.mark_left(employee=house.ana, by=SYSTEM)
    react()
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert Client().get(path(link)).status_code == 404
    assert [one for one in leaving.open_things(house.ana) if one.key.startswith("web.links:")] == []


def test_no_link_is_made_for_a_leaver_or_a_form_that_is_not_offered(house: House) -> None:
    flow = house.expense_flow()
    for choice in ("", "approvals.request:nothing", "incidents.take:1", "approvals.mine", f"nobody:{flow.key}"):
        with pytest.raises(InvalidInputError):
            services.make_form_link(employee=house.ana, choice=choice, by=SYSTEM)
    people.mark_left(employee=house.ana, by=SYSTEM)
    with pytest.raises(InvalidInputError, match="left"):
        services.make_form_link(employee=house.ana, choice=f"approvals.request:{flow.key}", by=SYSTEM)
    assert not Link.objects.exists()


def test_a_used_link_cannot_be_revoked(house: House) -> None:
    link = expense_link(house)
    Visitor(link).fill(what="Taxi", amount="10")
    with pytest.raises(MoveNotAllowedError):
        services.revoke_link(link=link)


def test_who_may_not_make_links_makes_none(house: House) -> None:
    flow = house.expense_flow()
    choice = f"approvals.request:{flow.key}"
    nobody = make_user(roles=["Manager"], employee=house.caio)
    with pytest.raises(NotPermittedError):
        services.make_form_link(employee=house.ana, choice=choice, by=nobody)
    make_team("Other", leads=[house.bia])
    outsider = make_user(employee=house.bia)
    from django.contrib.auth.models import Permission

    outsider.user_permissions.add(Permission.objects.get(codename="make_link"))
    for verb in (
        lambda: services.make_form_link(employee=house.ana, choice=choice, by=outsider),
        lambda: services.make_list_link(employee=house.ana, by=outsider),
    ):
        with pytest.raises(NotPermittedError):
            verb()


def test_guessing_is_slowed_down_and_a_right_link_elsewhere_is_not(house: House) -> None:
    link = expense_link(house)
    thief = Client(REMOTE_ADDR="203.0.113.9")
    codes = [thief.get(f"/f/w1.1.{number:032x}.{'0' * 22}/").status_code for number in range(pacing.WRONG_TOKENS + 3)]
    assert codes[0] == 404
    assert codes[-1] == 429
    assert thief.get(path(link)).status_code == 429
    assert Client(REMOTE_ADDR="203.0.113.10").get(path(link)).status_code == 200


def test_too_many_posts_to_one_link_wait(house: House) -> None:
    link = expense_link(house)
    codes = []
    for number in range(pacing.POSTS_PER_LINK + 2):
        client = Client(REMOTE_ADDR=f"10.1.{number}.1")
        codes.append(client.post(path(link), {}).status_code)
    assert codes[0] == 422
    assert codes[-1] == 429


def test_a_body_that_is_too_large_is_not_read(house: House, settings: Any) -> None:
    settings.WEB_LARGEST_BODY_MB = 1
    link = expense_link(house)
    ana = Visitor(link)
    ana.fill(what="x" * 1024**2, amount="10")
    assert "Voltar à página" in ana.text
    assert ana.code == 413
    assert not house.ana.requests.exists()
    broken = Client().post(path(link), b"--x\r\nbroken", content_type="multipart/form-data; boundary=")
    assert broken.status_code == 413


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_verbs_do_nothing(house: House, method: str) -> None:
    assert getattr(Client(), method)(path(expense_link(house))).status_code == 405


def test_the_page_speaks_the_persons_language_and_three_on_demand(house: House) -> None:
    ana = Visitor(expense_link(house))
    assert '<html lang="pt-br">' in ana.see()
    assert '<html lang="es">' in ana.see("?lang=es")
    assert '<html lang="en">' in ana.see("?lang=en")
    assert '<html lang="pt-br">' in ana.see("?lang=xx")
    assert ana.answer.headers["Content-Language"] == "pt-br"
    assert translation.get_language() == "en"


def test_what_may_be_offered_is_every_form_of_the_house(house: House) -> None:
    from tests.factories import make_category

    house.expense_flow()
    parent = make_category(house.finance, name="Building")
    child = make_category(house.finance, name="Lift", parent=parent)
    keys = [key for key, _label in queries.offers("en")]
    assert f"incidents.report:{child.pk}" in keys
    assert f"incidents.report:{parent.pk}" not in keys
    assert sum(key.startswith("approvals.request:") for key in keys) == 1


def test_a_page_is_read_with_few_queries(house: House, django_assert_max_num_queries: Any) -> None:
    link = expense_link(house)
    with django_assert_max_num_queries(6):
        Visitor(link).see()


def test_the_signature_of_one_link_opens_no_other(house: House) -> None:
    links = [expense_link(house), expense_link(house, employee=house.bia)]
    (ana, signed_ana), (bia, signed_bia) = (buttons.token(link.button).rsplit(".", 1) for link in links)
    for name, head, signature in (("Ana", ana, signed_ana), ("Bia", bia, signed_bia)):
        answer = Client().get(f"/f/{head}.{signature}/")
        assert (answer.status_code, name in answer.content.decode()) == (200, True)
    for head, signature in ((ana, signed_bia), (bia, signed_ana)):
        assert Client().get(f"/f/{head}.{signature}/").status_code == 404
