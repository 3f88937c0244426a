"""The description, and what holds for every operation of it."""

import inspect
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from apps.api import views
from apps.api.base import ApiView
from apps.calendars.models import WorkCalendar
from apps.people.scopes import scopes
from tests.api.callers import Program, token_for

pytestmark = pytest.mark.django_db
OPEN = {"schema", "docs"}
"""Descriptions: they say nothing about rows, and are public in our repository anyway."""


def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


OPERATIONS = [(method, path) for path, methods in schema()["paths"].items() for method in methods]


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, str | None, type]]:
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from routes(one, prefix + str(one.pattern))
        elif isinstance(one, URLPattern) and prefix.startswith(("api/", "scim/")):
            yield prefix + str(one.pattern), one.name, one.callback.view_class


def test_the_schema_validates_without_a_warning():
    GENERATOR_STATS.reset()
    validate_schema(schema())
    assert not GENERATOR_STATS
    assert len(OPERATIONS) == 35


def test_every_operation_has_a_description_and_tells_its_errors():
    for path, methods in schema()["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert {"400", "401", "403", "429"} <= set(operation["responses"]), path


def test_what_compares_versions_says_so():
    """Read from the code: a handler that looks at `If-Match` is described with the header and its 412."""
    described = {
        (method, re.sub(r"{\w+}", "1", path)): operation
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
    }
    wrong = []
    for (method, path), operation in described.items():
        compares = "check_match(" in inspect.getsource(getattr(resolve(path).func.view_class, method))
        told = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
        if compares != ("If-Match" in told) or compares != ("412" in operation["responses"]):
            wrong.append(operation["operationId"])
    assert wrong == []


def test_hours_and_minutes_come_as_they_are_described():
    spans = schema()["components"]["schemas"]["Span"]["properties"]
    hr, calendar = Program(token_for()), WorkCalendar.objects.create(name="Office")
    hours = f"calendars/{calendar.pk}/hours/"
    said = hr.put(hours, {"hours": [{"weekday": 0, "starts": "08:00", "ends": "17:30:00"}]}).json()["hours"][0]
    for wrong in ("08:00:30", "08:00+03:00", "8 h", "24:00"):
        assert hr.put(hours, {"hours": [{"weekday": 0, "starts": wrong, "ends": "17:30"}]}).status_code == 400, wrong
    for name in ("starts", "ends"):
        assert "format" not in spans[name], "JSON Schema's time has seconds and an offset"
        assert re.fullmatch(spans[name]["pattern"], said[name])


def test_every_route_declares_a_known_scope_for_every_method():
    wrong = []
    for address, name, view in routes():
        if name in OPEN or view is views.Nowhere:
            continue
        assert issubclass(view, ApiView), address
        methods = {method.upper() for method in view.http_method_names if hasattr(view, method)} - {"OPTIONS", "HEAD"}
        declared = {method: view.scopes.get(method) for method in methods}
        wrong += [f"{method} {address}" for method, scope in declared.items() if scope is None or scope not in scopes]
    assert wrong == []
    assert len(list(routes())) > 20


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_is_401_without_a_key_and_403_without_its_scope(method: str, path: str):
    address = re.sub(r"{\w+}", "1", path)
    assert Program().send(method.upper(), address, {}).status_code == 401
    answer = Program(token_for(None, "scim")).send(method.upper(), address, {})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["Users", "Groups", "Users/u1", "ServiceProviderConfig", "Schemas", "ResourceTypes", "nothing"]
)
def test_scim_is_401_without_a_key_and_403_without_its_scope(path: str):
    for program, status in ((Program(base="/scim/v2"), 401), (Program(token_for(), base="/scim/v2"), 403)):
        answer = program.get(path)
        assert (answer.status_code, answer["Content-Type"], answer.json()["status"]) == (
            status,
            "application/scim+json",
            str(status),
        )


def test_the_page_of_the_description_has_no_script_of_its_own_in_it():
    page = Client().get("/api/docs/").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert " on" not in re.sub(r"<title>.*?</title>", "", page).replace(" only", "")
    assert "://" not in page, "nothing comes from a foreign host"
    script = Client().get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert Client().get("/api/schema/").status_code == 200
