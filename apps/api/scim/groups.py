"""A team as an identity provider sees it: its name, and who is in it."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.api.models import ScimGroup
from apps.api.scim import users
from apps.api.scim.attributes import GROUP, GROUP_ATTRIBUTES, read
from apps.api.scim.errors import ScimError
from apps.api.scim.filters import Column, key_in
from apps.api.scim.links import save_link
from apps.api.scim.patch import Document
from apps.core import clock
from apps.core.texts import one_line
from apps.people import clerk, queries, teams
from apps.people.authority import Authority
from apps.people.models import Employee, Membership, Team

FILTERS = {
    "id": Column("pk", "key"), "displayname": Column("name"), "externalid": Column("scim__external_id", "exact"),
    "members.type": Column("user", "fixed"),
}  # fmt: skip


def rows(by: Authority) -> QuerySet[Team]:
    """The teams this key may see; who was deleted by the identity provider is gone for it."""
    return clerk.teams(by).filter(Q(scim=None) | Q(scim__deleted_at=None)).select_related("scim")


def columns(by: Authority) -> dict[str, Column]:
    """By what this key may look for teams."""
    member = Column("employee_id", "key", among=_memberships(by).values("team_id"))
    return {**FILTERS, "members": member, "members.value": member}


def _memberships(by: Authority) -> QuerySet[Membership]:
    """Those of today, of people whom the provider can see: it is shown no others, and finds none by a filter."""
    return clerk.members(by).filter(pk__in=queries.present().values("pk"), employee__in=users.rows(by).values("pk"))


def group(by: Authority, name: str) -> Team:
    """By our id. Raises ScimError (404)."""
    found = rows(by).filter(pk=key_in(name, "g")).first()
    if found is None:
        raise ScimError(404, "", "There is no such group.")
    return found


def changed(team: Team) -> Team:
    """As `users.changed`."""
    return Team.objects.select_related("scim").get(pk=team.pk)


# --- out --------------------------------------------------------------------------------------------------------------


def members_of(by: Authority, groups: Collection[Team]) -> dict[int, list[int]]:
    """Keys of the people in each of these teams, of those whom the provider can see. One look for all teams."""
    found = _memberships(by).filter(team__in=groups)
    members: dict[int, list[int]] = {team.pk: [] for team in groups}
    for team_id, employee_id in found.order_by("employee_id").values_list("team_id", "employee_id"):
        members[team_id].append(employee_id)
    return members


def shown(team: Team, members: Collection[int] | None, locate: users.Locate) -> Document:
    """The resource without its version; `members` None: they were not asked for."""
    link: ScimGroup | None = getattr(team, "scim", None)
    told: Document = {"schemas": [GROUP], "id": f"g{team.pk}"}
    if link is not None and link.external_id:
        told["externalId"] = link.external_id
    told["displayName"] = team.name
    if members:
        told["members"] = [{"value": f"u{pk}", "$ref": locate(f"u{pk}"), "type": "User"} for pk in members]
    told["meta"] = {"resourceType": "Group", "location": locate(f"g{team.pk}")}
    return told


# --- in ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create(body: Any, *, by: Authority) -> Team:
    """A new team; one that the provider deleted before is taken up again. Raises ScimError."""
    document = _read(body)
    wanted = _members(document, by)
    before = Team.objects.select_for_update().filter(name__iexact=one_line(document["displayName"])).first()
    if before is not None:
        if not ScimGroup.objects.filter(team=before).exclude(deleted_at=None).exists():
            raise ScimError(409, "uniqueness", "There is a group of this name: look for it first.")
        team = teams.change_team(team=before, name=document["displayName"], by=by)
    else:
        team = teams.make_team(name=document["displayName"], by=by)
    _link(team, document, by)
    _fill(team, wanted, by)
    return team


@transaction.atomic
def update(team: Team, body: Any, *, by: Authority) -> Team:
    """Make the team what the document says; without members in it, they stay. Raises ScimError; then nothing is changed."""
    document = _read(body)
    wanted = _members(document, by) if _says(body, "members") else None
    row = teams.change_team(team=team, name=document["displayName"], by=by)
    _link(row, document, by)
    if wanted is not None:
        _fill(row, wanted, by)
    return row


@transaction.atomic
def delete(team: Team, *, by: Authority) -> None:
    """Everybody the provider can see goes out of the team. The team itself stays: flows and rotas may name it."""
    _fill(team, set(), by)
    save_link(ScimGroup, {"team": team}, {"deleted_at": clock.now()}, by)


def _read(body: Any) -> Document:
    document = read(body, GROUP_ATTRIBUTES)
    if "displayName" not in document:
        raise ScimError(400, "invalidValue", "A group needs a displayName.")
    return document


def _says(body: Any, name: str) -> bool:
    return isinstance(body, Mapping) and any(str(one).lower() == name for one in body)


def _link(team: Team, document: Document, by: Authority) -> None:
    values = {"external_id": document.get("externalId", ""), "deleted_at": None}
    save_link(ScimGroup, {"team": team}, values, by)


def _members(document: Document, by: Authority) -> set[int]:
    """Keys of the people named. Raises ScimError for a group inside a group, and for nobody we know."""
    named = document.get("members", [])
    if any(str(one.get("type", "User")).lower() != "user" for one in named):
        raise ScimError(400, "invalidValue", "Groups inside groups are not supported: name the users themselves.")
    keys = {key_in(one["value"], "u") for one in named}
    known = set(users.rows(by).filter(pk__in=keys).values_list("pk", flat=True))
    if keys - known:
        raise ScimError(400, "invalidValue", "members: there is no such user.")
    return known


def _fill(team: Team, wanted: set[int], by: Authority) -> None:
    """In comes who is missing, out goes who is not named. People out of the key's sight stay as they are."""
    present = set(members_of(by, [team])[team.pk])
    coming, going = wanted - present, present - wanted
    people = Employee.objects.in_bulk(coming | going)
    if coming:
        teams.add_members(team=team, employees=[people[pk] for pk in sorted(coming)], by=by)
    if going:
        teams.remove_members(team=team, employees=[people[pk] for pk in sorted(going)], by=by)
