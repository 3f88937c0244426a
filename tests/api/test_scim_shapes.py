"""Whatever shape the values of a PATCH have: it is taken, or refused as SCIM refuses; never is it our failure."""

import copy
import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from apps.api.scim.attributes import ENTERPRISE, GROUP, GROUP_ATTRIBUTES, USER, USER_ATTRIBUTES, Attribute, read
from apps.api.scim.errors import ScimError
from apps.api.scim.patch import PATCH_OP, patched
from apps.people.models import Membership
from tests.api.callers import Program, token_for
from tests.factories import make_employee, make_team

SHAPES: list[Any] = [
    "text", "", 7, -1.5, True, None, [], {}, [[]], [["a"], ["b"]], [{}], [None], [7, "u1", None], {"value": None},
    {"value": ["a"]}, {"value": {"value": "a"}}, [{"value": ["a"]}], [{"value": {}}], {"display": "no value"},
    [{"display": "no value"}], {"value": "u1", "primary": "perhaps"}, {"value": 7}, {"VALUE": "u1"}, [{"Value": "u2"}], [[[]], {}],
]  # fmt: skip
USER_DOCUMENT = {
    "userName": "ana", "active": True, "name": {"givenName": "Ana"}, "emails": [{"value": "a@example.com", "type": "work"}],
    ENTERPRISE: {"employeeNumber": "1", "manager": {"value": "u2"}},
}  # fmt: skip
GROUP_DOCUMENT = {"displayName": "Night", "members": [{"value": "u1"}, {"value": "u2"}]}
USER_PATHS = [
    None, "userName", "active", "name", "name.givenName", "title.value", "emails", "emails.value", "emails.primary",
    'emails[type eq "work"]', 'emails[type eq "work"].value', 'emails[value eq 7].type', 'phoneNumbers[type eq "x"].value',
    'phoneNumbers[not (type pr)]', "manager", "manager.value", ENTERPRISE, f"{ENTERPRISE}:manager", USER, f"{USER}:emails",
]  # fmt: skip
GROUP_PATHS = [
    None,
    "displayName",
    "members",
    "members.value",
    'members[value eq "u1"]',
    'members[value eq "u9"]',
    GROUP,
]


def operations(paths: list[str | None]) -> Iterator[dict[str, Any]]:
    for op, path, value in itertools.product(("add", "replace", "remove"), paths, SHAPES):
        yield {"op": op, "value": value} | ({} if path is None else {"path": path})
    for name, value in itertools.product([*filter(None, paths)], SHAPES):
        yield {"op": "add", "value": {name: value}}


def kept(document: dict[str, Any], done: list[dict[str, Any]], attributes: dict[str, Attribute]) -> Any:
    body = {"schemas": [PATCH_OP], "Operations": done}
    return read(patched(copy.deepcopy(document), copy.deepcopy(body), attributes), attributes)


@pytest.mark.parametrize(
    ("document", "paths", "attributes"),
    [(USER_DOCUMENT, USER_PATHS, USER_ATTRIBUTES), (GROUP_DOCUMENT, GROUP_PATHS, GROUP_ATTRIBUTES)],
    ids=["user", "group"],
)
def test_every_shape_of_a_value_is_taken_or_refused(
    document: dict[str, Any], paths: list[str | None], attributes: dict[str, Attribute]
) -> None:
    singles = list(operations(paths))
    for one in singles:
        with suppress(ScimError):
            kept(document, [one], attributes)
    firsts = [one for one in singles if one.get("path") in (None, "emails", "members", "manager", "name")]
    for first, second in itertools.product(firsts[::11], singles[::7]):
        with suppress(ScimError):
            kept(document, [first, second], attributes)


def test_the_names_inside_a_value_are_read_in_any_case() -> None:
    add = [{"op": "Add", "path": "members", "value": [{"Value": name}]} for name in ("u3", "u4")]
    found = kept(GROUP_DOCUMENT, add, GROUP_ATTRIBUTES)
    assert [one["value"] for one in found["members"]] == ["u1", "u2", "u3", "u4"]
    found = kept(GROUP_DOCUMENT, [{"op": "Remove", "path": "members", "value": [{"Value": "u1"}]}], GROUP_ATTRIBUTES)
    assert [one["value"] for one in found["members"]] == ["u2"]


@pytest.mark.parametrize("value", [{"value": "u1"}, "u1", [{"value": "u1"}], ["u1"]])
def test_who_is_named_goes_and_nobody_else_whatever_shape_names_them(value: Any) -> None:
    found = kept(GROUP_DOCUMENT, [{"op": "remove", "path": "members", "value": value}], GROUP_ATTRIBUTES)
    assert [one["value"] for one in found["members"]] == ["u2"]


@pytest.mark.django_db
def test_a_member_that_is_no_member_is_refused_and_nobody_goes() -> None:
    team = make_team("Night", members=[make_employee()])
    provider = Program(token_for(None, "scim"), base="/scim/v2", kind="application/scim+json")
    for op, value in (("remove", [{"value": ["u1"]}]), ("add", [{"value": {}}]), ("replace", {"value": []})):
        body = {"schemas": [PATCH_OP], "Operations": [{"op": op, "path": "members", "value": value}]}
        said = provider.patch(f"Groups/g{team.pk}", body)
        assert (said.status_code, said.json()["scimType"]) == (400, "invalidValue"), (op, said.content)
    assert Membership.objects.count() == 1
