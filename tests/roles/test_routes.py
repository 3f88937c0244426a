"""Every role at every address that is no screen's own: nothing breaks, and nobody gets through who may not."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Flow
from apps.console import declared, matrix, routes
from apps.core import clock
from apps.journal.models import Entry
from apps.people.models import ApiKey, User
from apps.people.roles import ROLES
from apps.web import services as web
from apps.web.models import Link
from tests.api.callers import Program, token_for
from tests.factories import unique
from tests.roles.company import ADMINISTRATOR, Company, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("undrawn")]

TABLE = {address: need for address, need in declared.ROUTES.items() if need.kind != routes.KEY}
PROGRAMS = {address: need for address, need in declared.ROUTES.items() if need.kind == routes.KEY}
ROLES_TRIED = [*ROLES, ""]
QUERY = {"admin/autocomplete/": "?app_label=people&model_name=employee&field_name=manager&term=x"}
ASKS_AGAIN = set(QUERY)
"""Answers 403 to whoever may not see the table that it is asked for."""
PLACES = {"app_label": "people", "kind": "csv", "hook_key": "nothing", "content_type_id": "1", "object_id": "1", "url": "nowhere",
          "uidb36": "1", "key": "abc", "name": "u1", "id": "1", "pk": "1", "approval_id": "1", "person": "1", "day": "2026-12-24", "token": "forged"}  # fmt: skip

OF_PROGRAMS = {"people": "people.employee", "teams": "people.team", "absences": "people.absence",
               "cost-centres": "people.costcentre", "calendars": "calendars.workcalendar"}  # fmt: skip
"""What the number in an address for programs is the key of."""


def address_of(route: str, company: Company, theirs: Mapping[str, int] | None = None) -> str:
    """A path that exists: with the rows of the company where the address names one, or `theirs` by route."""
    parts = route.split("/")
    label = ".".join(parts[1:3]) if route.startswith("admin/") else ""
    path = (
        route.replace("(?:/<name>)?", "")
        .replace("(?:(?:Users|Groups)/)?\\.", ".")
        .replace("(?:Bulk|Me)", "Bulk")
        .replace("/?", "")
    )

    def value(place: "re.Match[str]") -> str:
        name = place[1].rpartition(":")[2]
        if theirs and route in theirs:
            return str(theirs[route])
        if name == "employee_id":
            return str(company.people["own"].pk)
        if name in {"object_id", "pk", "id", "link_id"} and label in company.rows:
            return str(company.row(label))
        if name in {"pk", "person"} and route.startswith("api/"):
            return str(company.row("people.employee" if name == "person" else OF_PROGRAMS[parts[2]]))
        return PLACES[name]

    return "/" + re.sub(r"<([\w:]+)>", value, path) + QUERY.get(route, "")


class Browser:
    """Signed in anew for every request, and what a request did is undone: the order of addresses means nothing."""

    def __init__(self, company: Company, who: str) -> None:
        self.client: Client = company.client(who)
        self.client.raise_request_exception = False
        self._cookies = self.client.cookies.output(header="", sep=";")

    def ask(self, method: str, address: str) -> tuple[HttpResponse, int]:
        """The answer, and how many entries of the journal it left."""
        self.client.cookies.load(self._cookies)
        with undone():
            before = Entry.objects.count()
            answer: Any = self.client.generic(method, address, b"", content_type="application/x-www-form-urlencoded")
            return answer, Entry.objects.count() - before


def is_way_in(answer: HttpResponse) -> bool:
    """Sent to sign in."""
    return answer.status_code == 302 and bool(re.search("/login/", answer["Location"]))


def is_turned_away(answer: HttpResponse, entries: int) -> bool:
    """Refused outright, or sent to the home with a sentence and nothing done."""
    is_sent_home = answer.status_code == 302 and answer["Location"] == reverse("admin:index") and entries == 0
    return answer.status_code == 403 or is_sent_home


def rows_of(user: User, company: Company) -> dict[str, int]:
    """By route, a row that is this sign-in's own, where another's is turned away whoever comes."""
    soon = clock.now() + timedelta(days=1)
    key = ApiKey.objects.create(name="own", prefix=f"{unique():08}", digest="own", owner=user, expires_at=soon)
    found = {f"admin/people/apikey/<path:object_id>/{deed}/": key.pk for deed in ("rotate", "revoke")}
    if user.has_perm(web.FILE):
        choice = f"approvals.request:{Flow.objects.get(pk=company.row('approvals.flow', 'house')).key}"
        link = web.make_form_link(employee=company.people["own"], choice=choice, by=user, why=Link.Why.BEHALF)
        found["admin/web/link/<int:link_id>/fill/"] = link.pk
    return found


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("who", ROLES_TRIED, ids=lambda who: who or "nobody")
def test_each_role_at_each_address(who: str, method: str, company: Company) -> None:
    holder = matrix.Holder(matrix.of_role(who) if who else ())
    browser, wrong = Browser(company, who), []
    theirs = rows_of(company.users[who], company)
    for route, need in TABLE.items():
        answer, entries = browser.ask(method, address_of(route, company, theirs))
        said = (method, route, answer.status_code, entries)
        if answer.status_code >= 500:
            wrong.append(said)
        if need.kind == routes.DESK and not routes.allows(need, holder):
            is_refused = answer.status_code in {302, 403, 404, 405} and entries == 0
            wrong += [] if is_refused else [said]
        elif need.kind == routes.DESK and is_turned_away(answer, entries) and route not in ASKS_AGAIN:
            wrong.append(said)
    assert wrong == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_at_each_address(method: str, company: Company) -> None:
    browser, wrong = Browser(company, "a stranger"), []
    for route, need in TABLE.items():
        answer, entries = browser.ask(method, address_of(route, company))
        is_refused = answer.status_code in {302, 401, 403, 404, 405} and entries == 0
        if need.kind in {routes.DESK, routes.SIGNED_IN}:
            is_fine = is_refused and (is_way_in(answer) or answer.status_code != 302 or answer["Location"] == "/admin/")
        elif need.kind in {routes.SIGNATURE, routes.LOOPBACK}:
            is_fine = is_refused and answer.status_code != 302
        else:
            is_fine = answer.status_code < 500
        wrong += [] if is_fine else [(method, route, answer.status_code, entries)]
    assert wrong == []


@pytest.mark.parametrize("who", ROLES_TRIED, ids=lambda who: who or "nobody")
def test_each_role_s_key_at_each_address_for_programs(who: str, company: Company) -> None:
    holder = matrix.Holder(matrix.of_role(who) if who else ())
    may_write = any(
        re.search(r"(people|calendars)\.(add|change|delete)_", one) for one in (matrix.of_role(who) if who else ())
    )
    scopes = sorted({scope for need in PROGRAMS.values() for scope in need.scopes.values()})
    rest, scim = (Program(token_for(company.users[who], *names), base="") for names in
                  ([one for one in scopes if one != "scim"], ["scim"]))  # fmt: skip
    wrong = []
    for route, need in PROGRAMS.items():
        for method in need.scopes:
            program = scim if route.startswith("scim/") else rest
            with undone():
                answer = program.send(method, address_of(route, company), {} if method != "GET" else None)
            is_fine = answer.status_code < 500 or answer.status_code == 501
            if method == "GET" and not routes.allows(need, holder):
                is_fine = answer.status_code in {403, 404}
            elif method == "GET":
                is_fine = answer.status_code in {200, 404, 501}
            elif not may_write:
                is_fine = answer.status_code in {400, 403, 404, 501}
            wrong += [] if is_fine else [(method, route, answer.status_code)]
    assert wrong == []


_DAY, _PERIOD = {"name": "Fair"}, {"starts_on": "2031-05-01", "ends_on": "2031-05-02"}
_HOURS = {"hours": [{"weekday": 0, "starts": "09:00", "ends": "17:00"}]}
_USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "zoe@aurora.example",
         "displayName": "Zoe", "externalId": "Z-1"}  # fmt: skip
_GROUP = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "A group of Zoe"}
_PATCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
          "Operations": [{"op": "replace", "path": "displayName", "value": "Zoe again"}]}  # fmt: skip
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "api/v1/people/", {"number": "Z-1", "name": "Zoe"}),
    ("PATCH", "api/v1/people/<int:pk>/", {"position": "Driver"}),
    ("POST", "api/v1/people/<int:pk>/leave/", {}),
    ("POST", "api/v1/people/<int:pk>/return/", {}),
    ("PUT", "api/v1/people/<int:pk>/manager/", {"manager": None}),
    ("POST", "api/v1/people/<int:pk>/absences/", _PERIOD),
    ("POST", "api/v1/teams/", {"name": "A team of Zoe"}),
    ("PATCH", "api/v1/teams/<int:pk>/", {"name": "A team of Zoe"}),
    ("PUT", "api/v1/teams/<int:pk>/members/<int:person>/", {"is_lead": True}),
    ("DELETE", "api/v1/teams/<int:pk>/members/<int:person>/", None),
    ("PATCH", "api/v1/absences/<int:pk>/", {"reason": "dentist"}),
    ("DELETE", "api/v1/absences/<int:pk>/", None),
    ("POST", "api/v1/cost-centres/", {"code": "Z"}),
    ("PATCH", "api/v1/cost-centres/<int:pk>/", {"name": "Of Zoe"}),
    ("DELETE", "api/v1/cost-centres/<int:pk>/", None),
    ("POST", "api/v1/calendars/", {"name": "Of Zoe"}),
    ("PATCH", "api/v1/calendars/<int:pk>/", {"name": "Of Zoe"}),
    ("DELETE", "api/v1/calendars/<int:pk>/", None),
    ("POST", "api/v1/calendars/<int:pk>/default/", {}),
    ("PUT", "api/v1/calendars/<int:pk>/hours/", _HOURS),
    ("PUT", "api/v1/calendars/<int:pk>/days/<str:day>/", _DAY),
    ("DELETE", "api/v1/calendars/<int:pk>/days/<str:day>/", None),
    ("POST", "scim/v2/Users/?", _USER),
    ("PUT", "scim/v2/Users/<name>/?", _USER),
    ("PATCH", "scim/v2/Users/<name>/?", _PATCH),
    ("DELETE", "scim/v2/Users/<name>/?", None),
    ("POST", "scim/v2/Groups/?", _GROUP),
    ("PUT", "scim/v2/Groups/<name>/?", _GROUP),
    ("PATCH", "scim/v2/Groups/<name>/?", _PATCH),
    ("DELETE", "scim/v2/Groups/<name>/?", None),
]
"""Every way in which a program writes, with a body that is right."""
FIRST = {
    "api/v1/people/<int:pk>/return/": ("POST", "api/v1/people/<int:pk>/leave/", {}),
    "api/v1/calendars/<int:pk>/days/<str:day>/": ("PUT", "api/v1/calendars/<int:pk>/days/<str:day>/", _DAY),
}
"""What must have happened before."""
NOTHING_TO_WRITE = {"scim/v2/(?:(?:Users|Groups)/)?\\.search/?", "scim/v2/(?:Bulk|Me)/?", "scim/v2/"}
"""Parts of SCIM that every method is told about: they are not offered."""


def test_every_way_to_write_for_programs_is_tried_here() -> None:
    ways = {(method, route) for route, need in PROGRAMS.items() for method in need.scopes if method != "GET"}
    assert {(method, route) for method, route, _body in WRITES} == {
        way for way in ways if way[1] not in NOTHING_TO_WRITE
    }


@pytest.mark.parametrize(
    ("method", "route", "body"), WRITES, ids=[f"{method} {route}" for method, route, _body in WRITES]
)
def test_a_key_writes_with_the_scope_and_not_without_it(method: str, route: str, body: Any, company: Company) -> None:
    """The owner may do everything: only the scope of the key differs."""
    owner, needed = company.users[ADMINISTRATOR], PROGRAMS[route].scopes[method]
    scopes = {scope for need in PROGRAMS.values() for scope in need.scopes.values()}
    others = {"people:read"} if needed == "scim" else scopes - {needed, "scim"}
    kind = "application/scim+json" if needed == "scim" else "application/json"
    address = address_of(route, company)
    if needed == "scim":
        sort, row = ("u", company.people["own"]) if "Users" in route else ("g", company.teams["own"])
        address = address.replace("u1", f"{sort}{row.pk}")
    within, without = (Program(token_for(owner, *sorted(held)), base="", kind=kind) for held in ({needed}, others))
    with undone():
        if route in FIRST and method != "PUT":
            before, first, given = FIRST[route]
            assert within.send(before, address_of(first, company), given).status_code < 300
        entries = Entry.objects.count()
        refused = without.send(method, address, body)
        assert (refused.status_code, Entry.objects.count()) == (403, entries)
        done = within.send(method, address, body)
        assert done.status_code in {200, 201, 204}, done.content
        assert Entry.objects.count() > entries


def test_each_address_for_programs_is_shut_without_a_key(company: Company) -> None:
    for route, need in PROGRAMS.items():
        for method in need.scopes:
            assert Program(base="").send(method, address_of(route, company), {}).status_code == 401, route


def test_codes_of_the_demo_are_for_this_machine(company: Company) -> None:
    for asked in ({"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "localhost"}, {"HTTP_HOST": "testserver"}):
        assert Client().get("/demo/codes/", **asked).status_code == 404
