"""Meta's answers to the checklist. Field names from Meta's Cloud API reference and its page "Health status"."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, quote_plus

from apps.core.errors import LostAnswerError, Misconfigured, RecadoError, Refused, TryLater
from apps.core.http import Answer
from apps.providers.base import Credentials
from apps.providers.meta_cloud.notices import PER_SECOND, limit_of
from apps.providers.meta_cloud.reading import answered, part, rows, word
from apps.providers.setup import (
    AccountReport,
    CarrierSetup,
    NumberHealth,
    Registered,
    Subscription,
    TokenReport,
    Trouble,
)

MANAGE, SEND = "whatsapp_business_management", "whatsapp_business_messaging"
_NO_FIELD = "100"  # the code of a question that names a field the node does not have
_NUMBER = (
    "display_phone_number,verified_name,quality_rating,name_status,code_verification_status,throughput,"
    "whatsapp_business_manager_messaging_limit"
)
PATIENCE = (5.0, 8.0)  # seconds to connect, to answer: somebody sits before the checklist
_LONGEST = 300  # characters of the carrier's own words

Request = Callable[..., Answer]
ErrorOf = Callable[[Answer], RecadoError]


class MetaSetup(CarrierSetup):
    """`request` is the adapter's own signed call, `error_of` reads what an answer refuses."""

    needed_scopes = frozenset({MANAGE, SEND})

    def __init__(self, credentials: Credentials, request: Request, error_of: ErrorOf) -> None:
        self._credentials, self._request, self._error_of = credentials, request, error_of

    def token(self) -> TokenReport:
        # Meta offers this question only with the token in the address, so no error of it may be shown as it is.
        answer, data = self._asked("GET", "debug_token", params={"input_token": self._credentials.access_token})
        about = part(data, "data")
        if not about:
            raise Refused("WhatsApp says nothing about the token.", code=f"http_{answer.status}")
        scopes = {scope for scope in rows(about, "scopes") if isinstance(scope, str)}
        # Who may use a permission for some accounts only has it in `granular_scopes`.
        scopes |= {word(one, "scope") for one in rows(about, "granular_scopes")}
        return TokenReport(
            is_valid=about.get("is_valid") is True, scopes=frozenset(scopes), expires_at=_seconds(about, "expires_at"),
            app_id=word(about, "app_id"), app_name=word(about, "application"),
            reason=self._scrubbed(word(part(about, "error"), "message"))[:_LONGEST],
        )  # fmt: skip

    def account(self) -> AccountReport:
        path = self._waba()
        answer, data = self._with("id,name", "account_review_status,business_verification_status", path)
        return AccountReport(
            name=word(data, "name"), review=word(data, "account_review_status"),
            verification=word(data, "business_verification_status"), answered_at=_date(answer),
        )  # fmt: skip

    def numbers(self) -> list[Registered]:
        params = {"fields": "id,display_phone_number,status", "limit": "100"}
        _answer, data = self._asked("GET", f"{self._waba()}/phone_numbers", params=params)
        found = [one for one in rows(data, "data") if word(one, "id")]
        return [Registered(word(one, "id"), word(one, "display_phone_number"), word(one, "status")) for one in found]

    def number(self, number_id: str) -> NumberHealth:
        _answer, data = self._with(_NUMBER, "health_status", quote(number_id, safe=""))
        health = part(data, "health_status")
        return NumberHealth(
            remote_id=word(data, "id") or number_id, phone=word(data, "display_phone_number"),
            name=word(data, "verified_name"), quality=word(data, "quality_rating"),
            name_status=word(data, "name_status"), verification=word(data, "code_verification_status"),
            per_second=PER_SECOND.get(word(part(data, "throughput"), "level"), 0),
            limit=limit_of(word(data, "whatsapp_business_manager_messaging_limit")),
            can_send=word(health, "can_send_message"),
            troubles=tuple(_troubles(health)),
        )  # fmt: skip

    def subscriptions(self) -> list[Subscription]:
        _answer, data = self._asked("GET", f"{self._waba()}/subscribed_apps")
        found = []
        for row in rows(data, "data"):
            # Meta's description puts id and name into the row, its answers into an object of the row.
            app = part(row, "whatsapp_business_api_data") or row
            found.append(Subscription(word(app, "id"), word(app, "name"), word(row, "override_callback_uri")))
        return found

    def subscribe(self, callback: str, verify_token: str) -> None:
        body = {"override_callback_uri": callback, "verify_token": verify_token}
        _answer, data = self._asked("POST", f"{self._waba()}/subscribed_apps", json=body)
        if data.get("success") is not True:
            raise TryLater("WhatsApp did not confirm the subscription. Look at the checklist again in a minute.")

    # --- the wire -----------------------------------------------------------------------------------------------------

    def _waba(self) -> str:
        if not self._credentials.remote_id:
            raise Misconfigured("The account has no WhatsApp business account id (WABA). Enter it.", code="no_waba")
        return quote(self._credentials.remote_id, safe="")

    def _with(self, sure: str, hoped: str, path: str) -> tuple[Answer, Mapping[str, Any]]:
        """The node with all fields; without the hoped ones where this version of the API does not know them."""
        try:
            return self._asked("GET", path, params={"fields": f"{sure},{hoped}"})
        except Refused as error:
            if error.code != _NO_FIELD:
                raise
            return self._asked("GET", path, params={"fields": sure})

    def _asked(self, method: str, path: str, **options: Any) -> tuple[Answer, Mapping[str, Any]]:
        """The answer and its JSON object. Raises TryLater, Refused, Misconfigured; no detail holds the token."""
        try:
            answer = self._request(method, path, timeout=PATIENCE, **options)
        except LostAnswerError as error:
            raise TryLater("WhatsApp gave no answer.", code="no_answer", detail=self._scrubbed(error.detail)) from None
        except TryLater as error:
            raise TryLater(str(error), code=error.code, detail=self._scrubbed(error.detail)) from None
        data = answered(answer)
        if answer.status >= 300 or not isinstance(data, dict) or "error" in data:
            raise self._error_of(answer)
        return answer, data

    def _scrubbed(self, text: str) -> str:
        token = self._credentials.access_token
        for spelt in (token, quote(token, safe=""), quote_plus(token)):
            text = text.replace(spelt, "[token]") if spelt else text
        return text


def _troubles(health: Mapping[str, Any]) -> list[Trouble]:
    found = []
    for entity in rows(health, "entities"):
        for error in rows(entity, "errors"):
            text = word(error, "error_description")[:_LONGEST]
            found.append(Trouble(word(entity, "entity_type"), text, word(error, "possible_solution")[:_LONGEST]))
        more = rows(entity, "additional_info")
        found += [Trouble(word(entity, "entity_type"), str(text)[:_LONGEST]) for text in more]
    return [one for one in found if one.text]


def _seconds(values: Mapping[str, Any], key: str) -> datetime | None:
    """Unix seconds; 0 and nonsense mean that it never ends."""
    text = word(values, key)
    if not text.isdigit() or int(text) == 0:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _date(answer: Answer) -> datetime | None:
    """The carrier's clock by its Date header, to the second."""
    try:
        found = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
