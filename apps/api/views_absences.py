"""Routes for absences of everybody in sight. Those of one person stand in `views_people`. Thin: everything else in `apps.people`."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import shapes_times as shapes
from apps.api.base import ApiView, check_match, etag, given
from apps.api.paging import page
from apps.api.views_people import READ, WRITE, other
from apps.people import absences, clerk
from apps.people.models import Absence as AbsenceRow


def answer(row: AbsenceRow, status: int = 200) -> Response:
    data = shapes.AbsenceOfPerson(row).data
    return Response(data, status=status, headers={"ETag": etag(data)})


class AllAbsences(ApiView):
    scopes = {"GET": READ}

    @extend_schema(
        operation_id="list_all_absences", parameters=[shapes.AbsencesFilter], responses=shapes.AllAbsencesPage
    )
    def get(self, request: Request) -> Response:
        """Absences of the people whom the key's owner may see, in the order they were recorded."""
        wanted = given(shapes.AbsencesFilter, request.query_params.dict())
        found = clerk.absences(self.by)
        if "person" in wanted:
            found = found.filter(employee=wanted["person"])
        if "since" in wanted:
            found = found.filter(ends_on__gte=wanted["since"])
        if "until" in wanted:
            found = found.filter(starts_on__lte=wanted["until"])
        return page(request, found, lambda one: shapes.AbsenceOfPerson(one).data)


class Absence(ApiView):
    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def _row(self, pk: int) -> AbsenceRow:
        return get_object_or_404(clerk.absences(self.by), pk=pk)

    def _locked(self, pk: int) -> AbsenceRow:
        """As `_row`, and nobody else changes it before this request is done."""
        found = clerk.absences(self.by).filter(pk=pk).values("pk")
        get_object_or_404(AbsenceRow.objects.select_for_update().filter(pk__in=found))
        return self._row(pk)

    @extend_schema(operation_id="get_absence", responses=shapes.AbsenceOfPerson)
    def get(self, request: Request, pk: int) -> Response:
        """One absence."""
        return answer(self._row(pk))

    @extend_schema(operation_id="change_absence", request=shapes.AbsenceChange, responses=shapes.AbsenceOfPerson)
    def patch(self, request: Request, pk: int) -> Response:
        """Change its days, deputy or reason."""
        row = self._locked(pk)
        check_match(request, etag(shapes.AbsenceOfPerson(row).data))
        values: dict[str, Any] = given(shapes.AbsenceChange, request.data)
        if "deputy" in values:
            values["deputy"] = (
                row.deputy if values["deputy"] == row.deputy_id else other(self.by, values["deputy"], "deputy")
            )
        return answer(absences.change_absence(absence=row, by=self.by, **values))

    @extend_schema(operation_id="remove_absence", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove it: the person is here after all."""
        row = self._locked(pk)
        check_match(request, etag(shapes.AbsenceOfPerson(row).data))
        absences.remove_absence(absence=row, by=self.by)
        return Response(status=204)
