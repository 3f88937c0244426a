"""Templates as the Graph API manages them: list with cursors, create, edit, delete."""

import base64
from typing import Any

from django.http import HttpRequest

from apps.sandbox import limits_templates as limits
from apps.sandbox import models, reviewing, templating
from apps.sandbox.graph_errors import GraphError

_PAGE = 25
_PAGE_MAX = 250


def many(request: HttpRequest, account: models.Account, body: Any) -> dict[str, Any]:
    """GET (fields, limit, after, name, status, language), POST a definition, DELETE ?name= [&hsm_id=]."""
    if request.method == "GET":
        return _page(request, account)
    if request.method == "DELETE":
        return _delete(request, account)
    return _create(account, body)


def _page(request: HttpRequest, account: models.Account) -> dict[str, Any]:
    try:
        limit = min(_PAGE_MAX, max(1, int(request.GET.get("limit", _PAGE))))
        after = int(base64.urlsafe_b64decode(request.GET["after"])) if request.GET.get("after") else 0
    except ValueError:
        raise GraphError(100, "limit or after is not valid.") from None
    rows = account.templates.filter(pk__gt=after).order_by("pk")
    for name in ("name", "status", "language", "category"):
        if request.GET.get(name):
            rows = rows.filter(**{name: request.GET[name]})
    found = list(rows[: limit + 1])
    page = found[:limit]
    fields = [name for name in request.GET.get("fields", "").split(",") if name]
    answer: dict[str, Any] = {"data": [_fields(template, fields) for template in page]}
    if page:
        cursors = {"before": _cursor(page[0].pk), "after": _cursor(page[-1].pk)}
        answer["paging"] = {"cursors": cursors}
        if len(found) > limit:
            query = request.GET.copy()
            query["after"] = cursors["after"]
            answer["paging"]["next"] = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return answer


def _fields(template: models.Template, fields: list[str]) -> dict[str, Any]:
    everything = reviewing.template_fields(template)
    if not fields:
        return everything
    # Fields that Meta knows but this template has not (previous_category ...) are simply left out, as Meta does.
    return {name: everything[name] for name in [*fields, "id"] if name in everything}


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode()


def _create(account: models.Account, body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    templating.check_definition(body)
    limits.check_creation(account.waba_id, body["name"], body["language"])
    if account.templates.filter(name=body["name"], language=body["language"]).exists():
        raise GraphError(100, f"There is already content in {body['language']} for the template {body['name']}.")
    limits.note_creation(account.waba_id)
    template = reviewing.put_template(account, body, "PENDING")
    answer = {"id": template.remote_id, "status": "PENDING", "category": template.category}
    if account.auto_approve:
        reviewing.set_template_status(template, "APPROVED")
    return answer


def _delete(request: HttpRequest, account: models.Account) -> dict[str, Any]:
    rows = account.templates.filter(name=request.GET.get("name", ""))
    if request.GET.get("hsm_id"):
        rows = rows.filter(remote_id=request.GET["hsm_id"])
    if not rows.exists():
        raise GraphError(100, "Message template not found.")
    for row in rows:
        limits.note_deletion(account.waba_id, row.name, row.language)
    rows.delete()
    return {"success": True}


def one(request: HttpRequest, template: models.Template, body: Any) -> dict[str, Any]:
    """GET a template; POST new components, after which it waits for approval again."""
    if request.method == "GET":
        return _fields(template, [name for name in request.GET.get("fields", "").split(",") if name])
    if request.method != "POST" or not isinstance(body, dict) or not body.get("components"):
        raise GraphError(100, "Only GET, or POST with components.")
    if template.status not in {"APPROVED", "REJECTED", "PAUSED"}:
        raise GraphError(100, f"A template that is {template.status} cannot be edited.")
    if template.status == "APPROVED" and body.get("category", template.category) != template.category:
        raise GraphError(100, "The category of an approved template cannot be changed.")
    definition = {**reviewing.template_fields(template), **body}
    templating.check_definition(definition)
    if template.status == "APPROVED":
        limits.check_edit(template.remote_id)
    reviewing.put_template(template.account, definition, "PENDING")
    if template.account.auto_approve:
        template.refresh_from_db()
        reviewing.set_template_status(template, "APPROVED")
    return {"success": True}
