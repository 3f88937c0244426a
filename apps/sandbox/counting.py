"""What was really accepted, refused and reported: a drill compares this with what it wanted."""

from collections import Counter
from typing import Any

from django.db.models import Count
from django.http import HttpRequest

from apps.sandbox import accepting, models
from apps.sandbox.jsonhttp import ApiError, api
from apps.sandbox.trouble import board

_ACCEPTED_PAGE = 5000


@api("GET")
def counts(request: HttpRequest) -> Any:
    """{accepted, people, twice, most_people, per_opaque, per_person, per_text, refused, answered, webhooks}.

    `twice` names opaque ids accepted more than once; `most_people` the most people outside windows that any 24 hours saw,
    per portfolio. ?brief=1 leaves out the three per_ maps, which have one line per message.
    """
    accepted = models.Bubble.objects.filter(is_business=True)
    opaque = _times(accepted.exclude(opaque=""), "opaque")
    found: dict[str, Any] = {
        "accepted": accepted.count(),
        "people": accepted.values("chat__phone").distinct().count(),
        "twice": {name: times for name, times in opaque.items() if times > 1},
        "most_people": accepting.most_people(),
        "refused": {str(code): times for code, times in _times(models.Refusal.objects.all(), "code").items()},
        "answered": dict(board.answered),
        "webhooks": _webhooks(),
    }
    if not request.GET.get("brief"):
        found["per_opaque"] = opaque
        found["per_person"] = _times(accepted, "chat__phone__number")
        texts = accepted.values_list("content", flat=True).iterator()
        found["per_text"] = Counter(str(content.get("text", "")) for content in texts)
    return found


def _times(rows: Any, name: str) -> dict[Any, int]:
    return dict(rows.values(name).annotate(times=Count("pk")).values_list(name, "times"))


def _webhooks() -> dict[str, Any]:
    states = _times(models.Webhook.objects.all(), "state")
    waiting = models.Webhook.objects.filter(state="queued").exclude(last_error="").order_by("-pk")
    return {
        "queued": states.get("queued", 0),
        "delivered": states.get("delivered", 0),
        "dropped": states.get("dropped", 0),
        "duplicates": models.Webhook.objects.filter(is_copy=True, state="delivered").count(),
        "last_error": waiting.values_list("last_error", flat=True).first(),
    }


@api("GET")
def accepted(request: HttpRequest) -> Any:
    """?after=<seq>: [{seq, to, opaque, kind, wamid, template, at}] of what was accepted, oldest first."""
    after = request.GET.get("after") or "0"
    if not after.isdigit():
        raise ApiError("after is not a number.", "Give the seq of the last one you have seen.")
    rows = (
        models.Bubble.objects.filter(is_business=True, pk__gt=int(after)).select_related("chat__phone").order_by("pk")
    )
    return {"accepted": [
        {"seq": row.pk, "to": row.chat.phone.number, "opaque": row.opaque or None, "kind": row.kind,
         "wamid": row.wamid, "template": row.content.get("template"), "at": row.sent_at.timestamp()}
        for row in rows[:_ACCEPTED_PAGE]
    ]}  # fmt: skip
