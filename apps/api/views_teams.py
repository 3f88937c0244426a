"""Routes for teams and who is in them. Thin: shapes here, everything else in `apps.people`."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.api import serializers as shapes
from apps.api.base import ApiView, check_match, etag, given
from apps.api.paging import page
from apps.core.errors import InvalidInputError
from apps.people import clerk, teams
from apps.people.authority import Authority
from apps.people.models import Team as TeamRow

READ, WRITE = "teams:read", "teams:write"


def parent_of(by: Authority, pk: int | None) -> TeamRow | None:
    """The team named as parent. Raises InvalidInputError when it is not in sight."""
    if pk is None:
        return None
    found = clerk.teams(by).filter(pk=pk).first()
    if found is None:
        sentence = _("There is no such team, or it is not yours to see.")
        raise InvalidInputError(sentence, fields={"parent": sentence})
    return found


def answer(team: TeamRow, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    data = shapes.TeamOut(team).data
    return Response(data, status=status, headers={"ETag": etag(data), **(headers or {})})


class Teams(ApiView):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="list_teams", parameters=[shapes.TeamsFilter], responses=shapes.TeamsPage)
    def get(self, request: Request) -> Response:
        """Teams that the key's owner may see, in the order they were made."""
        wanted = given(shapes.TeamsFilter, request.query_params.dict())
        found = clerk.teams(self.by).filter(**{name: wanted[name] for name in ("name", "parent") if name in wanted})
        return page(request, found, lambda one: shapes.TeamOut(one).data)

    @extend_schema(operation_id="make_team", request=shapes.TeamIn, responses={201: shapes.TeamOut})
    def post(self, request: Request) -> Response:
        """Make a new, empty team."""
        values = given(shapes.TeamIn, request.data)
        team = teams.make_team(name=values["name"], parent=parent_of(self.by, values.get("parent")), by=self.by)
        return answer(team, 201, {"Location": reverse("api:team", args=[team.pk], request=request)})


class Team(ApiView):
    scopes = {"GET": READ, "PATCH": WRITE}

    @extend_schema(operation_id="get_team", responses=shapes.TeamOut)
    def get(self, request: Request, pk: int) -> Response:
        """One team."""
        return answer(get_object_or_404(clerk.teams(self.by), pk=pk))

    @extend_schema(operation_id="change_team", request=shapes.TeamChange, responses=shapes.TeamOut)
    def patch(self, request: Request, pk: int) -> Response:
        """Change its name or what it belongs to."""
        team = get_object_or_404(TeamRow.objects.select_for_update().filter(pk__in=clerk.teams(self.by).filter(pk=pk)))
        check_match(request, etag(shapes.TeamOut(team).data))
        values = given(shapes.TeamChange, request.data)
        if "parent" in values:
            values["parent"] = parent_of(self.by, values["parent"])
        return answer(teams.change_team(team=team, by=self.by, **values))


class Members(ApiView):
    scopes = {"GET": READ}

    @extend_schema(operation_id="list_members", parameters=[shapes.PageFilter], responses=shapes.MembersPage)
    def get(self, request: Request, pk: int) -> Response:
        """Who is in this team, of those whom the key's owner may see."""
        given(shapes.PageFilter, request.query_params.dict())
        team = get_object_or_404(clerk.teams(self.by), pk=pk)
        return page(request, clerk.members(self.by).filter(team=team), lambda one: shapes.Member(one).data)


class TeamMember(ApiView):
    scopes = {"PUT": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="add_member", request=shapes.MemberIn, responses=shapes.Member)
    def put(self, request: Request, pk: int, person: int) -> Response:
        """Put a person into the team, or change whether they lead it."""
        team = get_object_or_404(clerk.teams(self.by), pk=pk)
        employee = get_object_or_404(clerk.people(self.by), pk=person)
        values = given(shapes.MemberIn, request.data or {})
        member = teams.add_member(team=team, employee=employee, is_lead=values.get("is_lead"), by=self.by)
        return Response(shapes.Member(member).data)

    @extend_schema(operation_id="remove_member", responses={204: None})
    def delete(self, request: Request, pk: int, person: int) -> Response:
        """Take a person out of the team; who was not in it, is not in it."""
        team = get_object_or_404(clerk.teams(self.by), pk=pk)
        employee = get_object_or_404(clerk.people(self.by), pk=person)
        teams.remove_member(team=team, employee=employee, by=self.by)
        return Response(status=204)
