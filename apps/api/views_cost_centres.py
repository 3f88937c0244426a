"""Routes for cost centres. Thin: shapes here, everything else in `apps.people.cost_centres`."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.api import shapes_times as shapes
from apps.api.base import ApiView, check_match, etag, given
from apps.api.paging import page
from apps.api.views_people import other
from apps.people import cost_centres, queries
from apps.people.authority import Authority
from apps.people.models import CostCentre as Row

READ, WRITE = "cost_centres:read", "cost_centres:write"


def shown(rows: list[Row], by: Authority) -> list[dict[str, Any]]:
    """An owner who is out of sight is not named, not even by number."""
    owners = {row.owner_id for row in rows if row.owner_id}
    seen = (
        set(queries.visible_employees(by.user).filter(pk__in=owners).values_list("pk", flat=True)) if owners else set()
    )
    return [
        {"id": row.pk, "code": row.code, "name": row.name, "owner": row.owner_id if row.owner_id in seen else None}
        for row in rows
    ]


def locked(by: Authority, pk: int) -> Row:
    """Raises Http404."""
    return get_object_or_404(
        Row.objects.select_for_update().filter(pk__in=cost_centres.rows(by).filter(pk=pk).values("pk"))
    )


def answer(row: Row, by: Authority, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    (data,) = shown([row], by)
    return Response(data, status=status, headers={"ETag": etag(data), **(headers or {})})


class CostCentres(ApiView):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(
        operation_id="list_cost_centres", parameters=[shapes.CostCentresFilter], responses=shapes.CostCentresPage
    )
    def get(self, request: Request) -> Response:
        """Cost centres, in the order they were made."""
        wanted = given(shapes.CostCentresFilter, request.query_params.dict())
        found: QuerySet[Row] = cost_centres.rows(self.by)
        if "code" in wanted:
            found = found.filter(code=wanted["code"])
        response = page(request, found, lambda one: one)
        response.data["results"] = shown(response.data["results"], self.by)
        return response

    @extend_schema(operation_id="make_cost_centre", request=shapes.CostCentreIn, responses={201: shapes.CostCentreOut})
    def post(self, request: Request) -> Response:
        """Make a new cost centre."""
        values = given(shapes.CostCentreIn, request.data)
        values["owner"] = other(self.by, values.get("owner"), "owner")
        row = cost_centres.make(by=self.by, **values)
        return answer(row, self.by, 201, {"Location": reverse("api:cost_centre", args=[row.pk], request=request)})


class CostCentre(ApiView):
    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="get_cost_centre", responses=shapes.CostCentreOut)
    def get(self, request: Request, pk: int) -> Response:
        """One cost centre."""
        return answer(get_object_or_404(cost_centres.rows(self.by), pk=pk), self.by)

    @extend_schema(operation_id="change_cost_centre", request=shapes.CostCentreChange, responses=shapes.CostCentreOut)
    def patch(self, request: Request, pk: int) -> Response:
        """Change its code, name or owner."""
        row = locked(self.by, pk)
        check_match(request, etag(shown([row], self.by)[0]))
        values = given(shapes.CostCentreChange, request.data)
        if "owner" in values:
            values["owner"] = other(self.by, values["owner"], "owner")
        return answer(cost_centres.change(centre=row, by=self.by, **values), self.by)

    @extend_schema(operation_id="remove_cost_centre", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove it; its people are in none then."""
        row = locked(self.by, pk)
        check_match(request, etag(shown([row], self.by)[0]))
        cost_centres.remove(centre=row, by=self.by)
        return Response(status=204)
