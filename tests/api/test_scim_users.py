"""Users over SCIM, as Okta and Entra ID send them, and as somebody hostile would."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.api.models import ScimUser
from apps.journal.models import Body, Entry
from apps.people import services
from apps.people.models import Employee
from tests.api.callers import Program, token_for
from tests.factories import make_employee, make_team, make_user

pytestmark = pytest.mark.django_db
PAYLOADS = Path(__file__).resolve().parents[1] / "payloads" / "scim"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def payload(name: str, **values: str) -> Any:
    text = (PAYLOADS / f"{name}.json").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return json.loads(text)


def provider(owner=None) -> Program:
    return Program(token_for(owner, "scim"), base="/scim/v2", kind="application/scim+json")


@pytest.fixture
def okta() -> Program:
    return provider()


def test_okta_provisions_changes_and_deactivates_a_person(okta: Program):
    assert (
        okta.get('Users?filter=userName eq "ana.lima@example.com"&startIndex=1&count=100').json()["totalResults"] == 0
    )
    made = okta.post("Users", payload("okta_create"))
    assert made.status_code == 201, made.content
    ana = Employee.objects.get()
    assert (ana.number, ana.name, ana.email) == ("00ujl29u0le5T6Aj10h7", "Ana Beatriz Lima", "ana.lima@example.com")
    name = made.json()["id"]
    assert made["Location"] == f"http://testserver/scim/v2/Users/{name}" == made.json()["meta"]["location"]
    assert made["ETag"] == made.json()["meta"]["version"]
    assert (made.json()["externalId"], made.json()["active"]) == ("00ujl29u0le5T6Aj10h7", True)
    assert okta.get('Users?filter=userName eq "ANA.LIMA@example.com"').json()["Resources"][0]["id"] == name

    put = okta.put(f"Users/{name}", payload("okta_put", id=name)).json()
    ana.refresh_from_db()
    assert (ana.name, ana.email, ana.phone, ana.position) == (
        "Ana Beatriz Lima Souza", "ana.souza@example.com", "+5511912345678", "Driver")  # fmt: skip
    assert [one["value"] for one in put["emails"]] == ["ana.souza@example.com", "ana@home.example"]
    assert put["phoneNumbers"][0]["value"] == "+5511912345678"
    assert ana.number == "00ujl29u0le5T6Aj10h7", "a number once given stays"

    assert okta.patch(f"Users/{name}", payload("okta_deactivate")).json()["active"] is False
    ana.refresh_from_db()
    assert ana.state == "left"
    assert okta.patch(f"Users/{name}", payload("okta_deactivate")).status_code == 200, "leaving twice is leaving once"
    assert Entry.objects.filter(name="employee.left").count() == 1


def test_a_password_is_kept_nowhere(okta: Program):
    okta.post("Users", payload("okta_create"))
    assert "1mz050nq" not in str([*Entry.objects.values(), *Body.objects.values(), *ScimUser.objects.values()])


def test_entra_provisions_and_changes_a_person(okta: Program):
    boss = make_employee("Boss")
    name = okta.post("Users", payload("entra_create")).json()["id"]
    bia = Employee.objects.get(number="4711")
    assert bia.language == "pt-br"
    changed = okta.patch(f"Users/{name}", payload("entra_change", boss=f"u{boss.pk}"))
    assert changed.status_code == 200, changed.content
    told = changed.json()
    bia.refresh_from_db()
    assert (bia.email, bia.phone, bia.manager) == ("bia@example.com", "+5511987654321", boss)
    assert told["name"]["familyName"] == "Costa Neves"
    assert told[ENTERPRISE]["department"] == "Fleet"
    assert told[ENTERPRISE]["manager"]["$ref"].endswith(f"/scim/v2/Users/u{boss.pk}")

    told = okta.patch(f"Users/{name}", payload("entra_change_without_path")).json()
    bia.refresh_from_db()
    assert (bia.name, bia.email, bia.number, bia.position) == ("Bia Neves", "neves@example.com", "4712", "Planner")
    assert told["name"]["givenName"] == "Beatriz"
    okta.patch(f"Users/{name}", payload("entra_remove_manager"))
    bia.refresh_from_db()
    assert bia.manager is None


def test_entras_false_as_text_is_false(okta: Program):
    name = okta.post("Users", payload("entra_create")).json()["id"]
    assert okta.patch(f"Users/{name}", payload("entra_patch")).json()["active"] is False
    assert Employee.objects.get().state == "left"
    assert okta.patch(f"Users/{name}", payload("entra_reactivate")).json()["active"] is True
    assert Employee.objects.get().state == "active"


def test_deleting_marks_as_left_hides_and_keeps_the_row(okta: Program):
    made = okta.post("Users", payload("okta_create")).json()
    assert okta.delete(f"Users/{made['id']}").status_code == 204
    ana = Employee.objects.get()
    assert ana.state == "left"
    for answer in (
        okta.get(f"Users/{made['id']}"),
        okta.delete(f"Users/{made['id']}"),
        okta.put(f"Users/{made['id']}", {}),
    ):
        assert (answer.status_code, answer.json()["status"]) == (404, "404")
    assert okta.get("Users").json()["totalResults"] == 0
    assert Entry.objects.filter(subject_type="people.employee", name__startswith="scimuser.").count() == 2
    again = okta.post("Users", payload("okta_create"))
    assert (again.status_code, again.json()["id"]) == (201, made["id"])
    assert Employee.objects.get().state == "active"


def test_whom_hr_takes_back_the_provider_sees_again(okta: Program):
    name = okta.post("Users", payload("okta_create")).json()["id"]
    okta.delete(f"Users/{name}")
    services.take_back(employee=Employee.objects.get(), by=make_user())
    assert okta.get(f"Users/{name}").json()["active"] is True


def test_people_whom_hr_hired_are_found_by_e_mail_and_taken_over(okta: Program):
    ana = make_employee(
        "Ana Lima", number="17", email="ana.lima@example.com", position="Driver", manager=make_employee()
    )
    found = okta.get('Users?filter=userName eq "ana.lima@example.com"').json()["Resources"]
    assert [one["id"] for one in found] == [f"u{ana.pk}"]
    assert okta.post("Users", payload("okta_create")).status_code == 409
    told = okta.put(f"Users/u{ana.pk}", payload("okta_create")).json()
    ana.refresh_from_db()
    assert (ana.number, ana.position, ana.manager is not None) == ("17", "Driver", True), "what was not sent stays HR's"
    assert (ana.name, told["externalId"]) == ("Ana Beatriz Lima", "00ujl29u0le5T6Aj10h7")


def test_what_hr_changes_later_is_shown_and_not_undone_by_silence(okta: Program):
    name = okta.post("Users", {**payload("okta_create"), "title": "Driver"}).json()["id"]
    Employee.objects.update(position="Planner", name="Ana B. Lima", phone="+5511911111111")
    told = okta.get(f"Users/{name}").json()
    assert (told["title"], told["displayName"], told["name"]["familyName"]) == ("Planner", "Ana B. Lima", "B. Lima")
    okta.put(f"Users/{name}", payload("okta_create"))
    ana = Employee.objects.get()
    assert (ana.position, ana.phone) == ("Planner", "+5511911111111")


def test_what_the_provider_set_and_leaves_out_of_a_whole_document_is_cleared(okta: Program):
    name = okta.post("Users", {**payload("okta_create"), "title": "Driver"}).json()["id"]
    okta.put(f"Users/{name}", payload("okta_create"))
    assert Employee.objects.get().position == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalidValue"), ([], "invalidSyntax"), ("x", "invalidSyntax"), ({"userName": ""}, "invalidValue"),
        ({"userName": {"a": 1}}, "invalidValue"), ({"userName": "x" * 300}, "invalidValue"),
        ({"userName": "a", "active": "maybe"}, "invalidValue"), ({"userName": "a", "emails": [1]}, "invalidValue"),
        ({"userName": "a", "emails": [{"value": "nobody"}]}, "invalidValue"), ({"userName": "a", "timezone": "Mars"}, "invalidValue"),
        ({"userName": "a", "phoneNumbers": [{"value": "call me"}]}, "invalidValue"),
        ({"userName": "a", "emails": [{"value": f"a{n}@x.org"} for n in range(50)]}, "invalidValue"),
        ({"userName": "a", ENTERPRISE: {"manager": {"value": "u999999"}}}, "invalidValue"),
        ({"userName": "a", ENTERPRISE: {"manager": {"value": "../1"}}}, "invalidValue"), ({"userName": "a", ENTERPRISE: 3}, "invalidValue"),
        ({"userName": "a@" + "x" * 60}, "invalidValue"),
    ],
)  # fmt: skip
def test_a_wrong_user_is_refused_by_name_and_nobody_is_hired(okta: Program, body: Any, kind: str):
    answer = okta.post("Users", body)
    assert (answer.status_code, answer.json().get("scimType")) == (400, kind), answer.content
    assert answer["Content-Type"] == "application/scim+json"
    assert not Employee.objects.exists()


def test_broken_and_huge_bodies(okta: Program):
    assert okta.send("POST", "Users", b"{").json()["scimType"] == "invalidSyntax"
    assert okta.send("POST", "Users", b"x" * 2_000_000).status_code == 413
    okta.kind = "text/plain"
    assert okta.send("POST", "Users", b"{}").status_code == 415


def operation(op: str, path: Any = None, value: Any = None) -> dict:
    return {"Operations": [{"op": op, **({"path": path} if path is not None else {}), "value": value}]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalidSyntax"), ({"Operations": []}, "invalidSyntax"), ({"Operations": ["x"]}, "invalidSyntax"),
        (operation("move", "title", "x"), "invalidSyntax"), (operation("remove"), "noTarget"),
        (operation("replace", "shoeSize", 44), "invalidPath"), (operation("replace", "title[", "x"), "invalidPath"),
        (operation("replace", 'emails[type eq "work"', "x"), "invalidPath"), (operation("replace", 'emails[type xx "work"].value', "x"), "invalidFilter"),
        (operation("replace", "name.shoe", "x"), "invalidPath"), (operation("replace", 'title[type eq "x"]', "x"), "invalidPath"),
        (operation("replace", None, "x"), "invalidValue"), (operation("remove", "userName"), "invalidValue"),
        (operation("replace", 'emails[type ne "work"].value', "a@x.org"), "noTarget"),
        (operation("replace", "emails", "not an address"), "invalidValue"), (operation("replace", ["title"], "x"), "invalidPath"),
    ],
)  # fmt: skip
def test_a_wrong_patch_is_refused_and_changes_nothing(okta: Program, body: Any, kind: str):
    name = okta.post("Users", payload("okta_create")).json()["id"]
    before = okta.get(f"Users/{name}").json()
    if "Operations" in body and isinstance(body["Operations"], list) and body["Operations"]:
        body = {"Operations": [{"op": "replace", "path": "title", "value": "half done"}, *body["Operations"]]}
    if kind == "noTarget" and "ne" in str(body):
        okta.patch(f"Users/{name}", operation("remove", "emails"))
        before = okta.get(f"Users/{name}").json()
    answer = okta.patch(f"Users/{name}", body)
    assert (answer.status_code, answer.json().get("scimType")) == (400, kind), answer.content
    assert okta.get(f"Users/{name}").json() == before


def test_versions_are_told_and_held(okta: Program):
    name = okta.post("Users", payload("okta_create")).json()["id"]
    tag = okta.get(f"Users/{name}")["ETag"]
    assert okta.get(f"Users/{name}", if_none_match=tag).status_code == 304
    assert okta.patch(f"Users/{name}", operation("replace", "title", "A"), if_match=tag).status_code == 200
    assert okta.patch(f"Users/{name}", operation("replace", "title", "B"), if_match=tag).status_code == 412
    assert okta.delete(f"Users/{name}", if_match=tag).status_code == 412


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "ana@x.org"', ["Ana"]), ('username EQ "ANA@X.ORG"', ["Ana"]), ('displayName co "i"', ["Bia"]),
        ('displayName sw "A"', ["Ana"]), ("active eq true", ["Ana"]), ('active eq "False"', ["Bia"]), ("externalId pr", []),
        ('emails[type eq "work" and value eq "bia@x.org"]', ["Bia"]), ('emails.value ew "@x.org"', ["Ana", "Bia"]),
        ('not (displayName eq "Ana")', ["Bia"]), ('(displayName eq "Ana" or displayName eq "Bia") and active eq false', ["Bia"]),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bia@x.org"', ["Bia"]), ("userName pr", ["Ana", "Bia"]),
        (f'{ENTERPRISE}:employeeNumber eq "A1"', ["Ana"]), ('id eq "u999"', []), ('displayName eq "100%"', []),
        ('displayName ne "Ana"', ["Bia"]), ('displayName co "\\""', []), ("title eq null", ["Ana", "Bia"]),
    ],
)  # fmt: skip
def test_filters_find(okta: Program, text: str, found: list[str]):
    make_employee("Ana", email="ana@x.org", number="A1")
    make_employee("Bia", email="bia@x.org", state="left")
    answer = okta.client.get("/scim/v2/Users", {"filter": text}, HTTP_AUTHORIZATION=f"Bearer {okta.token}")
    assert [one["displayName"] for one in answer.json()["Resources"]] == found, answer.content


@pytest.mark.parametrize(
    "text",
    ["", "userName", "userName eq", 'userName eq "a', "userName eq a", 'shoe eq "1"', "userName gt 3", "((((" * 50, "a" * 5000,
     " or ".join(["active eq true"] * 100), 'userName eq "a" and', "not active eq true", 'emails[emails[value eq "a"]]', "active eq 3",
     'id co "u"', 'userName eq "\\u0000"', "userName eq {}", "] [", 'password eq "x"'],
)  # fmt: skip
def test_a_filter_that_cannot_be_used_is_400(okta: Program, text: str):
    answer = okta.client.get("/scim/v2/Users", {"filter": text}, HTTP_AUTHORIZATION=f"Bearer {okta.token}")
    assert (answer.status_code, answer.json().get("scimType")) == (400, "invalidFilter"), answer.content


def test_pages_by_start_and_count(okta: Program):
    names = [f"u{make_employee().pk}" for _each in range(5)]

    def page(query: str) -> tuple[list[str], int, int]:
        told = okta.get(f"Users?{query}").json()
        return [one["id"] for one in told["Resources"]], told["totalResults"], told["itemsPerPage"]

    assert page("startIndex=2&count=2") == (names[1:3], 5, 2)
    assert page("startIndex=-3&count=1") == (names[:1], 5, 1)
    assert page("count=0") == ([], 5, 0)
    assert page("startIndex=99") == ([], 5, 0)
    assert page("count=-5") == ([], 5, 0)
    for query in ("count=x", "startIndex=1.5", "count=99999999999999999999"):
        assert okta.get(f"Users?{query}").status_code == 400


def test_only_what_is_asked_for_is_told(okta: Program):
    ana = make_employee("Ana", email="a@x.org")
    only = okta.get(f"Users/u{ana.pk}?attributes=userName,emails.value").json()
    assert set(only) == {"schemas", "id", "userName", "emails"}
    rest = okta.get(f"Users?excludedAttributes=emails,{ENTERPRISE}").json()["Resources"][0]
    assert {"userName", "name"} <= set(rest)
    assert not {"emails", ENTERPRISE} & set(rest)
    part = okta.get(f"Users/u{ana.pk}?attributes={ENTERPRISE}:employeeNumber").json()
    assert (set(part), part[ENTERPRISE]) == ({"schemas", "id", ENTERPRISE}, {"employeeNumber": ana.number})


def test_a_key_provisions_only_whom_its_owner_may_see():
    me = make_employee("Me")
    manager = provider(make_user(roles=["Manager"], employee=me))
    other = make_employee("Hidden", email="hidden@x.org")
    make_team(members=[other])
    assert [one["displayName"] for one in manager.get("Users").json()["Resources"]] == ["Me"]
    for answer in (
        manager.get(f"Users/u{other.pk}"),
        manager.delete(f"Users/u{other.pk}"),
        manager.put(f"Users/u{other.pk}", {}),
    ):
        assert (answer.status_code, "Hidden" in answer.content.decode()) == (404, False)
    assert manager.post("Users", payload("okta_create")).status_code == 403
    assert manager.delete(f"Users/u{me.pk}").status_code == 403


def test_a_list_costs_the_same_for_many_as_for_few(okta: Program, django_assert_max_num_queries):
    for _each in range(20):
        make_employee(manager=make_employee())
    with django_assert_max_num_queries(12):
        assert okta.get("Users").json()["itemsPerPage"] == 40


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Bulk", 501),
        ("Me", 501),
        (".search", 501),
        ("Users/.search", 501),
        ("x", 404),
        ("Users/17", 404),
        ("Users/g1", 404),
        ("Users/u" + "9" * 30, 404),
    ],
)
def test_what_is_not_there_says_so(okta: Program, path: str, status: int):
    answer = okta.post(path, {}) if status == 501 else okta.get(path)
    assert (answer.status_code, answer.json()["schemas"]) == (status, ["urn:ietf:params:scim:api:messages:2.0:Error"])


def test_a_change_that_takes_somebody_out_of_the_keys_sight_is_done_and_answered_as_it_is_now():
    me = make_employee("Me")
    owner = make_user(employee=me)
    names = ("view_employee", "change_employee", "add_employee", "view_team", "add_team", "view_membership")
    owner.user_permissions.set(Permission.objects.filter(codename__in=names))
    narrow = provider(owner)
    ana, bia = (make_employee(name, manager=me) for name in ("Ana", "Bia"))
    path = f"{ENTERPRISE}:manager"
    body = {"schemas": [], "Operations": [{"op": "replace", "path": path, "value": {"value": f"u{bia.pk}"}}]}
    moved = narrow.patch(f"Users/u{ana.pk}", body)
    assert moved.status_code == 200, moved.content
    assert moved.json()[ENTERPRISE]["manager"]["value"] == f"u{bia.pk}"
    ana.refresh_from_db()
    assert ana.manager == bia
    assert narrow.get(f"Users/u{ana.pk}").status_code == 404
    hired = narrow.post("Users", {"userName": "caio", "displayName": "Caio"})
    assert (hired.status_code, hired.json()["userName"]) == (201, "caio")
    made = narrow.post("Groups", {"displayName": "Night"})
    assert (made.status_code, made.json()["displayName"]) == (201, "Night")


def test_a_person_whose_manager_the_provider_cannot_see_is_changed_all_the_same(okta: Program):
    boss = okta.post("Users", {"userName": "boss", "displayName": "Boss"}).json()["id"]
    manager = {"manager": {"value": boss}}
    ana = okta.post("Users", {"userName": "ana", "displayName": "Ana", ENTERPRISE: manager}).json()["id"]
    assert okta.delete(f"Users/{boss}").status_code == 204
    title = {"schemas": [], "Operations": [{"op": "replace", "path": "title", "value": "Driver"}]}
    changed = okta.patch(f"Users/{ana}", title)
    assert (changed.status_code, changed.json()["title"]) == (200, "Driver"), changed.content
    whole = okta.put(f"Users/{ana}", {"userName": "ana", "displayName": "Ana L", ENTERPRISE: manager})
    assert (whole.status_code, whole.json()["displayName"]) == (200, "Ana L"), whole.content
    assert Employee.objects.get(name="Ana L").manager_id == int(boss[1:])
    other = okta.post("Users", {"userName": "bia", "displayName": "Bia", ENTERPRISE: manager})
    assert other.status_code == 400, "nobody gets a manager who is not there"
