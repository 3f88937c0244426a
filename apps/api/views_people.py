"""Routes for people. Thin: shapes here, everything else in `apps.people`."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.api import serializers as shapes
from apps.api.base import ApiView, check_match, etag, given
from apps.api.paging import page
from apps.core.errors import InvalidInputError
from apps.journal.models import Entry
from apps.people import clerk, queries
from apps.people.authority import Authority
from apps.people.models import Absence, Employee, Membership

READ, WRITE = "people:read", "people:write"


def rows(by: Authority) -> QuerySet[Employee]:
    """The people whom this caller may see, each with the teams of today that the caller may see."""
    return _with_teams(clerk.people(by), by)


def _with_teams(people: QuerySet[Employee], by: Authority) -> QuerySet[Employee]:
    teams = queries.present().filter(team__in=queries.visible_teams(by.user)).select_related("team").order_by("pk")
    return people.prefetch_related(Prefetch("memberships", queryset=teams, to_attr="seen_memberships"))


def row(by: Authority, pk: int) -> Employee:
    """Raises Http404, for who is not there and for who is out of sight alike."""
    return get_object_or_404(rows(by), pk=pk)


def locked(by: Authority, pk: int) -> Employee:
    """As `row`, and nobody else changes it before this request is done."""
    get_object_or_404(Employee.objects.select_for_update(no_key=True).filter(pk__in=clerk.people(by).filter(pk=pk)))
    return row(by, pk)


def other(by: Authority, pk: int | None, field: str) -> Employee | None:
    """Another person who is named in the body. Raises InvalidInputError when they are not in sight."""
    if pk is None:
        return None
    found = clerk.people(by).filter(pk=pk).first()
    if found is None:
        sentence = _("There is no such person, or they are not yours to see.")
        raise InvalidInputError(sentence, fields={field: sentence})
    return found


def answer(person: Employee, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The person, with the tag of this version."""
    data = shapes.Person(person).data
    return Response(data, status=status, headers={"ETag": etag(data), **(headers or {})})


def changed(by: Authority, pk: int, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The person as the caller's change left them: told also when it took them out of the caller's sight."""
    return answer(_with_teams(Employee.objects.filter(pk=pk), by).get(), status, headers)


def filtered(people: QuerySet[Employee], by: Authority, wanted: dict[str, Any]) -> QuerySet[Employee]:
    """People whom each of these conditions fits."""
    if "number" in wanted:
        people = people.filter(number=wanted["number"])
    if "state" in wanted:
        people = people.filter(state=wanted["state"])
    if "team" in wanted:
        seen = queries.visible_teams(by.user).filter(pk=wanted["team"])
        people = people.filter(Exists(queries.present().filter(employee=OuterRef("pk"), team__in=seen)))
    if "search" in wanted:
        text = wanted["search"]
        people = people.filter(Q(name__icontains=text) | Q(number__icontains=text) | Q(email__icontains=text))
    if "changed_since" in wanted:
        people = people.alias(key=KEY).filter(_changed_since(wanted["changed_since"]))
    return people


KEY = Cast("pk", CharField())  # as the journal writes it
REMOVED = ("absence.removed", "membership.removed")


def _changed_since(moment: datetime) -> Q:
    """The journal knows every change; no second column could forget one. What was taken away is not there to be asked."""
    entries = Entry.objects.filter(at__gte=moment)
    own = entries.filter(subject_type="people.employee", subject_id=Cast(OuterRef("pk"), CharField()))
    return Q(Exists(own)) | Q(pk__in=_of_rows(entries, "people.absence", Absence)) | Q(
        pk__in=_of_rows(entries, "people.membership", Membership)
    ) | Q(key__in=entries.filter(name__in=REMOVED).values_list(Cast(KT("before__employee"), CharField())))  # fmt: skip


def _of_rows(entries: QuerySet[Entry], kind: str, model: Any) -> QuerySet[Any]:
    changed = entries.filter(subject_type=kind, subject_id=Cast(OuterRef("pk"), CharField()))
    return model.objects.filter(Exists(changed)).values("employee_id")


class People(ApiView):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="list_people", parameters=[shapes.PeopleFilter], responses=shapes.PeoplePage)
    def get(self, request: Request) -> Response:
        """People whom the key's owner may see, in the order they were added."""
        wanted = given(shapes.PeopleFilter, request.query_params.dict())
        return page(request, filtered(rows(self.by), self.by, wanted), lambda one: shapes.Person(one).data)

    @extend_schema(operation_id="hire_person", request=shapes.PersonNew, responses={201: shapes.Person})
    def post(self, request: Request) -> Response:
        """Add somebody who works here from now on."""
        values = given(shapes.PersonNew, request.data)
        manager = other(self.by, values.pop("manager", None), "manager")
        hired = clerk.hire(by=self.by, manager=manager, **values)
        return changed(self.by, hired.pk, 201, {"Location": reverse("api:person", args=[hired.pk], request=request)})


class Person(ApiView):
    scopes = {"GET": READ, "PATCH": WRITE}

    @extend_schema(operation_id="get_person", responses=shapes.Person)
    def get(self, request: Request, pk: int) -> Response:
        """One person. `ETag` names the version; send it as `If-Match` with a change."""
        return answer(row(self.by, pk))

    @extend_schema(operation_id="change_person", request=shapes.PersonChange, responses=shapes.Person)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is sent; the rest stays."""
        person = locked(self.by, pk)
        check_match(request, etag(shapes.Person(person).data))
        values = given(shapes.PersonChange, request.data)
        if "manager" in values:
            values["manager"] = other(self.by, values["manager"], "manager")
        clerk.change(employee=person, by=self.by, **values)
        return changed(self.by, pk)


class Leave(ApiView):
    scopes = {"POST": WRITE}

    @extend_schema(operation_id="mark_person_left", request=shapes.Leaving, responses=shapes.Person)
    def post(self, request: Request, pk: int) -> Response:
        """The person no longer works here: the sign-in is locked at once, open requests move on. A last day still to come
        is planned, and all this happens when it is over."""
        person = locked(self.by, pk)
        values = given(shapes.Leaving, request.data or {})
        clerk.mark_left(employee=person, by=self.by, on=values.get("left_on"))
        return changed(self.by, pk)


class Return(ApiView):
    scopes = {"POST": WRITE}

    @extend_schema(operation_id="take_person_back", request=shapes.Nothing, responses=shapes.Person)
    def post(self, request: Request, pk: int) -> Response:
        """Undo a mistaken *left*, call off a planned one, or hire again. The sign-in stays locked."""
        person = locked(self.by, pk)
        given(shapes.Nothing, request.data or {})
        clerk.take_back(employee=person, by=self.by)
        return changed(self.by, pk)


class Manager(ApiView):
    scopes = {"PUT": WRITE}

    @extend_schema(operation_id="set_manager", request=shapes.ManagerIn, responses=shapes.Person)
    def put(self, request: Request, pk: int) -> Response:
        """Who this person reports to; null for nobody."""
        person = locked(self.by, pk)
        check_match(request, etag(shapes.Person(person).data))
        values = given(shapes.ManagerIn, request.data)
        clerk.set_manager(employee=person, manager=other(self.by, values["manager"], "manager"), by=self.by)
        return changed(self.by, pk)


class Absences(ApiView):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="list_absences", parameters=[shapes.PageFilter], responses=shapes.AbsencesPage)
    def get(self, request: Request, pk: int) -> Response:
        """When this person is, was and will be away."""
        given(shapes.PageFilter, request.query_params.dict())
        found = clerk.absences(self.by).filter(employee=row(self.by, pk))
        return page(request, found, lambda one: shapes.AbsenceOut(one).data)

    @extend_schema(
        operation_id="record_absence", request=shapes.AbsenceIn, responses={201: OpenApiResponse(shapes.AbsenceOut)}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Record an absence; its deputy decides from the first day to the last."""
        person = row(self.by, pk)
        values = given(shapes.AbsenceIn, request.data)
        values["deputy"] = other(self.by, values.get("deputy"), "deputy")
        absence = clerk.record_absence(employee=person, by=self.by, **values)
        return Response(shapes.AbsenceOut(absence).data, status=201)
