"""What Meta tells about an account that is being set up: token, account, numbers' health. All well unless a drill says not.

The facts of a drill live in memory: they belong to this process, and `/api/reset` forgets them.
"""

from typing import Any

from django.http import HttpRequest

from apps.sandbox import models
from apps.sandbox.graph_errors import GraphError
from apps.sandbox.jsonhttp import ApiError, api, body_of

APP_ID = "1"
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
ACCOUNT_FACTS = {"account_review_status": "APPROVED", "business_verification_status": "verified"}
KNOWN = {"scopes", "is_valid", "expires_at", "numbers", "refuses_debug", *ACCOUNT_FACTS}

_facts: dict[str, dict[str, Any]] = {}


def facts_of(waba_id: str) -> dict[str, Any]:
    return _facts.get(waba_id, {})


def forget() -> None:
    _facts.clear()


@api("GET", "PUT")
def facts(request: HttpRequest, waba_id: str) -> Any:
    """PUT {scopes, is_valid, expires_at, account_review_status, business_verification_status, refuses_debug,
    numbers: {<phone number id>: {<field>: value}}}: what Meta would say; what is left out is well."""
    if request.method == "PUT":
        wanted = body_of(request)
        unknown = sorted(set(wanted) - KNOWN)
        if unknown:
            raise ApiError(f"Nothing is called {unknown[0]}.", f"Use {', '.join(sorted(KNOWN))}.")
        _facts[waba_id] = wanted
    return facts_of(waba_id)


def debug_token(request: HttpRequest, account: models.Account) -> dict[str, Any]:
    """About the token in `input_token`, asked with a token that works."""
    told = facts_of(account.waba_id)
    if told.get("refuses_debug"):
        raise GraphError(100, "You must provide an app access token or a token of a developer of the app.")
    if request.GET.get("input_token") != account.token or not told.get("is_valid", True):
        error = {"code": 190, "message": "Malformed or expired access token"}
        return {"data": {"is_valid": False, "scopes": [], "error": error}}
    scopes = list(told.get("scopes", SCOPES))
    return {"data": {
        "app_id": APP_ID, "application": "Recado", "type": "SYSTEM_USER", "is_valid": True, "issued_at": 1,
        "expires_at": told.get("expires_at", 0), "scopes": scopes,
        "granular_scopes": [{"scope": scope, "target_ids": [account.waba_id]} for scope in scopes],
    }}  # fmt: skip


def account_fields(account: models.Account, fields: str) -> dict[str, Any]:
    everything = {"id": account.waba_id, "name": account.name}
    for name, value in ACCOUNT_FACTS.items():
        everything[name] = facts_of(account.waba_id).get(name, value)
    wanted = [name for name in fields.split(",") if name] or ["id", "name"]
    unknown = sorted(set(wanted) - set(everything))
    if unknown:
        raise GraphError(
            100, f"Tried accessing nonexisting field ({unknown[0]}) on node type (WhatsAppBusinessAccount)"
        )
    return {name: everything[name] for name in [*wanted, "id"]}


def number_facts(number: models.Number) -> dict[str, Any]:
    """What a drill says of a number, and its health as Meta words it."""
    told = dict(facts_of(number.account.waba_id).get("numbers", {}).get(number.phone_number_id, {}))
    state = told.pop("can_send_message", "AVAILABLE")
    entity: dict[str, Any] = {"entity_type": "PHONE_NUMBER", "id": number.phone_number_id, "can_send_message": state}
    if state != "AVAILABLE":
        entity["errors"] = [{
            "error_code": 141006, "error_description": "There is an error with the payment method.",
            "possible_solution": "Add a payment method to the account.",
        }]  # fmt: skip
    return {"health_status": {"can_send_message": state, "entities": [entity]}, **told}
