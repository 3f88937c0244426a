"""What Meta's notices about accounts, numbers and portfolios mean. Pure.

Fields and values from Meta's webhook reference (account_update, account_alerts, account_review_update,
phone_number_quality_update, phone_number_name_update, business_capability_update, security). The severities are ours.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.providers.meta_cloud.reading import part, rows, word
from apps.providers.setup import AccountNews, Limit
from apps.providers.types import AccountChanged

PER_SECOND = {"STANDARD": 80, "HIGH": 1000}
"""Messages per second by the level of `throughput` (Meta, throughput)."""
_UPGRADED = PER_SECOND["HIGH"]
_TIER = re.compile(r"^(?:TIER_)?(\d{1,9})(K?)$")
_LONGEST = 300  # characters of Meta's own words

Values = Mapping[str, Any]


def limit_of(text: str) -> Limit | None:
    """“TIER_2K”, “TIER_UNLIMITED” or a plain number; None for TIER_NOT_SET and whatever else."""
    if text == "TIER_UNLIMITED":
        return Limit(None)
    found = _TIER.match(text)
    people = int(found[1]) * (1000 if found[2] else 1) if found else 0
    return Limit(people) if people else None


def news_of(event: AccountChanged) -> AccountNews:
    """Never raises, whatever stands in it: what nobody knows is kept as `unknown`."""
    read = _FIELDS.get(event.what)
    return read(event.event, event.values) if read else AccountNews("unknown", words=_words(event.what, event.event))


def _account(event: str, values: Values) -> AccountNews:
    if event == "DISABLED_UPDATE":
        return _banned(part(values, "ban_info"))
    if event == "ACCOUNT_RESTRICTION":
        return _restricted(values)
    if event == "ACCOUNT_VIOLATION":
        return AccountNews("violation", "warning", words=_words(word(part(values, "violation_info"), "violation_type")))
    return _PLAIN.get(event) or AccountNews("unknown", words=_words("account_update", event))


_PLAIN = {
    "ACCOUNT_DELETED": AccountNews("deleted", "critical", breaks=True),
    "ACCOUNT_OFFBOARDED": AccountNews("offboarded", "critical", breaks=True),
    "ACCOUNT_RECONNECTED": AccountNews("reconnected", "warning"),
    "PARTNER_REMOVED": AccountNews("app_removed", "critical"),
    "PARTNER_APP_UNINSTALLED": AccountNews("app_removed", "critical"),
}


def _banned(ban: Values) -> AccountNews:
    state, since = word(ban, "waba_ban_state"), word(ban, "waba_ban_date")
    if state == "REINSTATE":
        return AccountNews("reinstated", "warning", words=_words(since))
    if state == "SCHEDULE_FOR_DISABLE":
        return AccountNews("ban_announced", "critical", words=_words(since))
    # A ban state that nobody knows is taken for a ban: to send on would make it worse.
    return AccountNews("banned", "critical", breaks=True, words=_words(state, since))


def _restricted(values: Values) -> AccountNews:
    kinds = [word(one, "restriction_type") for one in rows(values, "restriction_info")]
    untils = [_until(one) for one in rows(values, "restriction_info")
              if word(one, "restriction_type") == "RESTRICTED_BIZ_INITIATED_MESSAGING"]  # fmt: skip
    known = [until for until in untils if until is not None]
    return AccountNews("restricted", "critical" if untils else "warning", words=_words(*kinds),
                       restricted_until=max(known) if known else None)  # fmt: skip


def _until(values: Values) -> datetime | None:
    """Unix seconds in Meta's samples, ISO text in a partner's."""
    text = word(values, "expiration")
    try:
        return datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None


def _alert(_event: str, values: Values) -> AccountNews:
    info = part(values, "alert_info")
    is_over = word(info, "alert_status") == "NONE"
    severity = {"CRITICAL": "critical", "WARNING": "warning"}.get(word(info, "alert_severity"), "info")
    words = _words(word(info, "alert_type"), word(info, "alert_description"))
    return AccountNews("alert", "info" if is_over else severity, words=words)


def _review(_event: str, values: Values) -> AccountNews:
    decision = word(values, "decision")
    if decision == "REJECTED":
        return AccountNews("review_rejected", "critical", breaks=True)
    return AccountNews("reviewed", "info" if decision == "APPROVED" else "warning", words=_words(decision))


def _quality(event: str, values: Values) -> AccountNews:
    # Upgrades of the limit were told here per number until February 2026; since then the field names the portfolio's.
    tier = word(values, "max_daily_conversations_per_business") or word(values, "current_limit")
    phone = _digits(values)
    if event == "THROUGHPUT_UPGRADE":
        return AccountNews("throughput_raised", phone=phone, per_second=_UPGRADED, limit=limit_of(tier))
    if event in {"FLAGGED", "DOWNGRADE"}:
        return AccountNews("quality_low", "warning", phone=phone, limit=limit_of(tier), words=_words(event))
    return AccountNews("quality", phone=phone, limit=limit_of(tier), words=_words(event))


def _capability(_event: str, values: Values) -> AccountNews:
    found = word(values, "max_daily_conversations_per_business") or word(values, "max_daily_conversation_per_phone")
    return AccountNews("capability", limit=limit_of(found), words=_words(found))


def _name(_event: str, values: Values) -> AccountNews:
    decision = word(values, "decision")
    reason = word(values, "rejection_reason")
    is_bad = decision in {"REJECTED", "DECLINED"}
    words = _words(word(values, "requested_verified_name"), decision, "" if reason == "NONE" else reason)
    return AccountNews("name_rejected" if is_bad else "name_decided", "warning" if is_bad else "info",
                       phone=_digits(values), name_status=decision[:30], words=words)  # fmt: skip


def _security(event: str, values: Values) -> AccountNews:
    # Meta's page does not show this payload, so every change of a security setting is told.
    return AccountNews("security", "warning", phone=_digits(values), words=_words(event))


def _digits(values: Values) -> str:
    return re.sub(r"\D", "", word(values, "display_phone_number"))[:20]


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)[:_LONGEST]


_FIELDS: dict[str, Callable[[str, Values], AccountNews]] = {
    "account_update": _account,
    "account_alerts": _alert,
    "account_review_update": _review,
    "phone_number_quality_update": _quality,
    "phone_number_name_update": _name,
    "business_capability_update": _capability,
    "security": _security,
}
