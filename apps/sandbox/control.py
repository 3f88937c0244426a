"""The control API of everything but the phones: accounts, templates, clock, trouble, webhooks, counts."""

import base64
import json
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.core import clock
from apps.sandbox import accepting, graph_setup, limits_templates, models, reviewing, store, templating, transcript
from apps.sandbox.delivery import handshake
from apps.sandbox.events import bus
from apps.sandbox.jsonhttp import ApiError, api, body_of
from apps.sandbox.trouble import board

# A year: enough for any demo, and no date in the product overflows.
_WIND_MAX = 366 * 24 * 3600


def _account(waba_id: str) -> models.Account:
    account = models.Account.objects.filter(waba_id=waba_id).first()
    if account is None:
        raise ApiError(f"There is no account {waba_id}.", f"Make it with PUT /api/accounts/{waba_id}.", 404)
    return account


@api("POST")
def reset(request: HttpRequest) -> Any:
    store.reset()
    board.clear()
    accepting.forget_rates()
    limits_templates.forget()
    graph_setup.forget()
    return {"reset": True}


@api("GET", "PUT")
def account(request: HttpRequest, waba_id: str) -> Any:
    if request.method == "PUT":
        wanted = body_of(request)
        if not wanted.get("token") and settings.SANDBOX_TOKEN:
            wanted["token"] = settings.SANDBOX_TOKEN
        is_new = not models.Account.objects.filter(waba_id=waba_id).exists()
        if is_new and not (wanted.get("token") and wanted.get("app_secret")):
            raise ApiError("A new account needs token and app_secret.", "Add both to the body.")
        store.put_account(waba_id, wanted)
    found = _account(waba_id)
    numbers = [transcript.number(number) for number in found.numbers.select_related("account")]
    return {"waba_id": waba_id, "name": found.name, "webhook_url": found.webhook_url, "numbers": numbers,
            "auto_approve": found.auto_approve, "people_per_day": found.people_per_day, "subscribed": found.is_subscribed}  # fmt: skip


@api("GET")
def numbers(request: HttpRequest) -> Any:
    rows = models.Number.objects.select_related("account").order_by("pk")
    return {"numbers": [transcript.number(row) for row in rows]}


@api("POST")
def check_handshake(request: HttpRequest, waba_id: str) -> Any:
    """Do Meta's GET with hub.challenge and report {ok, error}."""
    found = _account(waba_id)
    if not found.webhook_url:
        raise ApiError("This account has no webhook_url.", "Set it with PUT /api/accounts/<waba>.")
    error = handshake(found.webhook_url, found.verify_token, str(secrets.randbelow(10**9)))
    return {"ok": not error, "error": error}


@api("GET", "PUT")
def templates(request: HttpRequest, waba_id: str) -> Any:
    """PUT a list (or {data: [...]}) in the Graph's form, each with its status (APPROVED if unsaid)."""
    found = _account(waba_id)
    if request.method == "PUT":
        try:
            sent = json.loads(request.body)
        except ValueError:
            raise ApiError("The body is not JSON.", "Send a list of templates.") from None
        for definition in sent.get("data", []) if isinstance(sent, dict) else sent:
            for name in ("name", "language", "components"):
                if name not in definition:
                    raise ApiError(f"A template has no {name}.", "Send templates as the Graph API lists them.")
            reviewing.put_template(found, definition, str(definition.get("status", "APPROVED")))
    return {"data": [reviewing.template_fields(row) for row in found.templates.order_by("pk")]}


@api("GET")
def all_templates(request: HttpRequest) -> Any:
    rows = models.Template.objects.select_related("account").order_by("pk")
    shown = []
    for row in rows:
        body = str(templating.part(row.components, "BODY").get("text", ""))
        shown.append({"id": row.remote_id, "waba_id": row.account.waba_id, "name": row.name, "text": body,
                      "language": row.language, "status": row.status, "category": row.category})  # fmt: skip
    return {"templates": shown}


@api("POST")
def template_status(request: HttpRequest, template_id: str) -> Any:
    """Body: {status: APPROVED|REJECTED|PAUSED|DISABLED|PENDING, reason?, rejection_info?, other_info?, disable_info?}:
    what Meta's reviewers would decide."""
    row = models.Template.objects.select_related("account").filter(remote_id=template_id).first()
    if row is None:
        raise ApiError(f"There is no template {template_id}.", "See GET /api/templates.", 404)
    wanted = body_of(request)
    if wanted["status"] not in {"APPROVED", "REJECTED", "PAUSED", "DISABLED", "PENDING"}:
        raise ApiError("No such status.", "Use APPROVED, REJECTED, PAUSED, DISABLED or PENDING.")
    more = {name: wanted[name] for name in ("rejection_info", "other_info", "disable_info") if name in wanted}
    reviewing.set_template_status(row, wanted["status"], str(wanted.get("reason") or "NONE"), more)
    return reviewing.template_fields(row)


@api("POST")
def template_change(request: HttpRequest, template_id: str) -> Any:
    """Body: {category}, {correct_category} (only announced), {components} or {quality: GREEN|YELLOW|RED|UNKNOWN}: Meta
    judges a template anew, or somebody changes it there, and tells by webhook."""
    row = models.Template.objects.select_related("account").filter(remote_id=template_id).first()
    if row is None:
        raise ApiError(f"There is no template {template_id}.", "See GET /api/templates.", 404)
    wanted = body_of(request)
    if wanted.get("category") in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
        reviewing.set_template_category(row, wanted["category"])
    elif wanted.get("correct_category") in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
        reviewing.announce_template_category(row, wanted["correct_category"])
    elif isinstance(wanted.get("components"), list):
        reviewing.set_template_components(row, wanted["components"])
    elif wanted.get("quality") in {"GREEN", "YELLOW", "RED", "UNKNOWN"}:
        reviewing.set_template_quality(row, wanted["quality"])
    else:
        raise ApiError("Nothing to change.", "Send category, correct_category, components or quality, in Meta's words.")
    return reviewing.template_fields(row)


def clock_facts() -> dict[str, Any]:
    return {"now": clock.now().timestamp(), "iso": clock.now().isoformat(), "offset": clock.offset()}


@api("GET")
def read_clock(request: HttpRequest) -> Any:
    return clock_facts()


@api("POST")
def wind(request: HttpRequest) -> Any:
    """Body: {seconds}: the clock of every process moves forward."""
    seconds = body_of(request)["seconds"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _WIND_MAX:
        raise ApiError("seconds must be a number from 0 to a year.", "The clock only goes forward.")
    try:
        clock.wind(float(seconds))
    except RuntimeError as error:
        raise ApiError(str(error), "Start the sandbox with SANDBOX=1.") from None
    bus.publish("clock", **clock_facts())
    return clock_facts()


@api("GET", "PUT")
def trouble(request: HttpRequest) -> Any:
    if request.method == "PUT":
        board.change(body_of(request))
        bus.publish("trouble")
    return board.read()


@api("POST")
def hold(request: HttpRequest) -> Any:
    """Body: {hold: true|false}: keep webhooks back, or let them all go."""
    board.change({"hold_webhooks": body_of(request)["hold"]})
    bus.publish("trouble")
    return {"hold": board.current.hold_webhooks}


@api("POST")
def raw_webhook(request: HttpRequest) -> Any:
    """Body: {waba, body | body_b64, sign: true|false|"wrong"}: POST whatever one likes."""
    wanted = body_of(request)
    found = _account(str(wanted["waba"]))
    sign = wanted.get("sign", True)
    signing = {True: "right", False: "none", "wrong": "wrong"}.get(sign)
    if signing is None:
        raise ApiError('sign is true, false or "wrong".', "Change it.")
    raw = base64.b64decode(wanted["body_b64"]) if "body_b64" in wanted else json.dumps(wanted["body"]).encode()
    row = store.queue_webhook(found, raw, f"raw:{secrets.token_hex(8)}", signing=signing, may_double=False)
    if row is None:
        raise ApiError("This account has no webhook address, or is not subscribed.", "Set webhook_url first.")
    return {"webhook": row.pk}


@api("GET")
def healthz(request: HttpRequest) -> Any:
    return {"ok": True, "phones": models.Phone.objects.count(), "accounts": models.Account.objects.count()}
