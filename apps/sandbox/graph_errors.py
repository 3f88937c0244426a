"""Refusals in Meta's words. Plain Python: no Django."""

import secrets
from dataclasses import dataclass
from typing import Any

# Meta, "Error codes" page of the Cloud API: the short text that goes with each code.
TITLES: dict[int, str] = {
    2: "Service temporarily unavailable",
    100: "Invalid parameter",
    190: "Error validating access token: Session has expired",
    2200: "Callback verification failed",
    130403: "User has blocked the business",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131048: "Spam rate limit hit",
    131047: "Re-engagement message",
    131051: "Unsupported message type",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is paused",
    132016: "Template is disabled",
}
HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass
class GraphError(Exception):
    """A refusal: `code` as Meta numbers it, `details` for a person, `status` of the HTTP answer,
    `retry_after` seconds for its header (0: none, as Meta mostly does), `subcode` where Meta has one."""

    code: int
    details: str
    status: int = 400
    retry_after: int = 0
    subcode: int = 0

    def __str__(self) -> str:
        return f"(#{self.code}) {TITLES.get(self.code, 'Error')}: {self.details}"

    def body(self) -> dict[str, Any]:
        """The JSON body of the HTTP answer, as in Meta's samples."""
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {TITLES.get(self.code, 'Error')}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.code == 130429:
            error["error_subcode"] = 2494055
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.code in {2, 130429, 131000, 131056}:
            error["is_transient"] = True
        return {"error": error}

    def in_status(self) -> dict[str, Any]:
        """The same refusal as a `failed` status carries it in `errors[]`."""
        title = TITLES.get(self.code, "Error")
        return {
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": {"details": self.details},
            "href": HREF,
        }
