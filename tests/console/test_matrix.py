"""The matrix itself: everything is declared, the page in docs/ says what the rules say, and the desk shows what administrators made."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import path

from apps.console import declared, matrix, roles_page, routes, special_words
from apps.console.management.commands import roles_matrix
from apps.people import roles
from tests.signin import at_the_desk

PAGE = "/admin/who-may-do-what/"


def check() -> str:
    out = io.StringIO()
    call_command("roles_matrix", check=True, stdout=out, stderr=out)
    return out.getvalue()


def test_the_page_in_docs_says_what_the_rules_say() -> None:
    assert "what the rules say" in check()


def test_a_page_that_differs_fails_and_is_not_written(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "roles.md"
    page.write_text(roles_page.written().replace("| HR |", "| HR! |", 1), encoding="utf-8")
    with pytest.raises(CommandError, match="differs"):
        check()
    call_command("roles_matrix", stdout=io.StringIO())
    assert page.read_text(encoding="utf-8") == roles_page.written()


def test_every_route_is_declared_and_every_declared_route_exists() -> None:
    assert roles_page.problems() == []
    assert len(list(routes.walk())) > 300


def test_a_new_route_and_one_that_is_gone_are_named() -> None:
    found = [*routes.walk(), *routes.walk([path("new/<int:pk>/", Client)])]
    assert routes.wrong(found, declared.ROUTES) == [
        "/new/<int:pk>/: nobody declared what it needs. Say so in apps/console/declared.py."]  # fmt: skip
    left = [route for route in found[:-1] if route.address != "livez"]
    assert routes.wrong(left, declared.ROUTES) == [
        "/livez: declared in apps/console/declared.py, but there is no such route."]  # fmt: skip
    (twice,) = routes.wrong(found[:-1], {**declared.ROUTES, "admin/people/team/": declared.desk()})
    assert "the rule for screens" in twice


def test_the_command_writes_nothing_while_something_is_not_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "ROUTES", {key: need for key, need in declared.ROUTES.items() if key != "livez"})
    with pytest.raises(CommandError, match="1 to declare"):
        call_command(roles_matrix.Command(), stderr=io.StringIO())


def test_every_registered_model_and_every_inline_is_in_the_matrix_once() -> None:
    sections = matrix.sections(matrix.house_columns())
    lines = [line.label for section in sections for line in section.lines if not line.page]
    assert sorted(lines) == sorted(model._meta.label_lower for model in admin.site._registry)
    inside = [line for section in sections for line in section.lines if line.page]
    assert len(inside) == sum(len(screen.inlines) for screen in admin.site._registry.values())


def test_every_special_permission_has_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {one.codename for one in matrix.specials(matrix.house_columns())} == set(special_words.WORDS)
    # Not taken out of the dictionary itself: it would come back at its end, and the page goes by its order.
    monkeypatch.setattr(
        matrix, "WORDS", {name: words for name, words in special_words.WORDS.items() if "export" not in name}
    )
    with pytest.raises(KeyError):
        matrix.specials(matrix.house_columns())


def test_an_api_route_declares_the_scopes_that_its_view_asks_for() -> None:
    seen = 0
    for route in routes.walk():
        need = routes.need_of(route, declared.ROUTES)
        if need.kind == routes.KEY:
            view = route.view_class
            methods = {name.upper() for name in view.http_method_names if hasattr(view, name)} - {"OPTIONS", "HEAD"}
            assert dict(need.scopes) == {method: view.scopes[method] for method in methods}, route.address
            seen += 1
    assert seen > 15


@pytest.mark.django_db
def test_the_roles_in_the_database_hold_what_the_matrix_says() -> None:
    for group in Group.objects.all():
        rows = group.permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in rows} == matrix.of_role(group.name), group.name


# --- the page of the desk ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_opens_for_hr_auditor_and_operator_and_stands_in_their_sidebar() -> None:
    for role in roles.ROLES:
        client = at_the_desk(role)
        is_open = role in {"HR", "Auditor", "Operator"}
        assert client.get(PAGE).status_code == (200 if is_open else 403), role
        assert (f'href="{PAGE}"' in client.get("/admin/").content.decode()) == is_open, role
    assert Client().get(PAGE)["Location"].startswith("/admin/login/")
    assert at_the_desk("HR").post(PAGE).status_code == 405


@pytest.mark.django_db
def test_the_page_shows_roles_as_administrators_left_them() -> None:
    own = Group.objects.create(name="Reception <b>")
    own.permissions.set(roles.permissions_for(["people.view_employee"]))
    Group.objects.get(name="Responder").permissions.add(Permission.objects.get(codename="delete_team"))
    Group.objects.get(name="Manager").permissions.remove(Permission.objects.get(codename="answer_ticket"))
    page = at_the_desk(is_superuser=True).get(PAGE).content.decode()
    assert "Reception &lt;b&gt;" in page
    told = dict(re.findall(r'<li><b>([^<]+)</b> <span class="recado-who-tag">([^<]+)</span>', page))
    assert told == {"Reception &lt;b&gt;": "made here", "Responder": "widened here", "Manager": "narrowed here"}
    (teams,) = re.findall(r'<th scope="row">Teams<small>.*?</small></th>(.*?)</tr>', page, re.DOTALL)
    cells = [re.findall(r'aria-label="(\w+)"', cell) for cell in re.findall(r"<td>(.*?)</td>", teams, re.DOTALL)]
    assert cells == [["see", "add", "change", "delete"], ["see"], ["delete"], ["see"], ["see"], ["see"], ["nothing"],
                     ["nothing"]]  # fmt: skip


@pytest.mark.django_db
def test_asking_for_more_roles_asks_the_database_no_more_often(django_assert_max_num_queries: Any) -> None:
    client = at_the_desk(is_superuser=True)
    for number in range(20):
        Group.objects.create(name=f"Own {number}").permissions.set(Permission.objects.all()[:30])
    client.get(PAGE)
    with django_assert_max_num_queries(12):
        assert client.get(PAGE).status_code == 200
