"""The one writer of Approval rows: what the carrier's lists and webhooks say becomes rows, recorded when it changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.core import clock
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import plain, record
from apps.providers import standing
from apps.providers.kinds import Kind, kinds
from apps.providers.models import Account, Approval, Translation
from apps.providers.types import RemoteTemplate, TemplateChanged

State = Approval.State

JOURNALLED = ("state", "category", "accepted_category", "correct_category", "quality", "remote_id", "until")
"""What an entry shows before and after; reasons go into its body."""
TEXTS = ("body", "header", "footer", "parameters", "buttons", "titles")
"""What was approved, or is proposed."""


def titles_in_order(translation: Translation, kind: Kind | None) -> dict[str, str]:
    """Titles by action in the order of the kind's declaration: PostgreSQL keeps no order of keys in JSON."""
    declared = next(iter(kind.buttons.values()), {}) if kind else {}
    actions = [*(action for action in declared if action in translation.buttons), *sorted(translation.buttons)]
    return {action: translation.buttons[action] for action in actions}


def keep(
    *, account: Account, translation: Translation, remote: RemoteTemplate, asked_at: datetime, by: HasActor = SYSTEM
) -> tuple[Approval, bool]:
    """Write what the carrier answered to a question put at `asked_at`; True when that is news.

    A notice that came since we asked may be newer than the answer: then what we have stays, and it is asked again.
    """
    try:
        with transaction.atomic():
            return _keep(account, translation, remote, asked_at, by)
    except IntegrityError:  # somebody else was faster with the first row of this translation
        with transaction.atomic():
            return _keep(account, translation, remote, asked_at, by)


def _keep(
    account: Account, translation: Translation, remote: RemoteTemplate, asked_at: datetime, by: HasActor
) -> tuple[Approval, bool]:
    row = Approval.objects.select_for_update().filter(account=account, translation=translation).first()
    if row is None:
        row = Approval(account=account, translation=translation, accepted_category=translation.template.category)
    elif _has_heard_since(row, asked_at):
        return row, False
    changes = _changes(row, remote, titles_in_order(translation, kinds.get(translation.template.kind)))
    changes |= {"asked_at": asked_at, "is_doubtful": False}
    return row, _write(row, changes, by=by, name="" if row.pk else "approval.registered")


def _has_heard_since(row: Approval, asked_at: datetime) -> bool:
    if row.heard_at is None or row.heard_at <= asked_at:
        return False
    Approval.objects.filter(pk=row.pk).update(is_doubtful=True)
    return True


def _changes(row: Approval, remote: RemoteTemplate, titles: dict[str, str]) -> dict[str, Any]:
    category = remote.category or row.category
    accepted = row.accepted_category or row.category
    state = standing.settled(standing.state_of(remote.state), category=category, accepted=accepted)
    if not remote.is_usable:
        state = State.DISABLED
    is_same_state = bool(row.pk) and state == row.state
    # A notice whose time proved nothing is proved by the state that the carrier answers with: its words count then.
    said = row.said if row.said.get("state") == standing.state_of(remote.state) else {}
    texts: dict[str, Any] = {
        "body": remote.body, "header": remote.header[:60], "footer": remote.footer[:60],
        "parameters": list(remote.parameters), "buttons": _actions(titles, remote.buttons), "titles": list(remote.buttons),
    }  # fmt: skip
    proposed: dict[str, Any] = {}
    # What is in review is not what was approved: the old text stays, the new one stands beside it.
    was_approved = bool(row.proposed) or row.state in {State.APPROVED, State.RECATEGORISED, State.PAUSED}
    if row.pk and was_approved and state in {State.PENDING, State.REJECTED}:
        proposed, texts = texts, {}
    return {
        "remote_id": remote.remote_id, "name": remote.name, "remote_language": remote.language, "state": state,
        "category": category[:20], "accepted_category": accepted[:20], "proposed": proposed,
        "reason": _reason(row, remote, state, said.get("reason", ""), is_same_state=is_same_state),
        "correct_category": _announced(remote.correct_category or row.correct_category, category),
        "quality": remote.quality[:12] or row.quality, "said": said,
        "advice": said.get("advice", "") or (row.advice if is_same_state else ""),
        "until": _moment(said.get("until")) or (row.until if is_same_state else None), **texts,
    }  # fmt: skip


def _announced(correct: str, category: str) -> str:
    """The category to come; none when it has come."""
    return "" if correct == category else correct[:20]


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _reason(row: Approval, remote: RemoteTemplate, state: str, said: str, *, is_same_state: bool) -> str:
    if not remote.is_usable:
        return "STRANGE"
    if state in {State.APPROVED, State.RECATEGORISED}:
        return ""
    if said:
        return said
    if is_same_state and row.reason not in {"", "GONE", "STRANGE"}:
        return row.reason  # a webhook has said more than the list does
    word = remote.state.upper()
    return remote.reason or (word if word in standing.SENTENCES else "")


def _actions(titles: dict[str, str], there: tuple[str, ...]) -> list[str]:
    """Our actions in the order of the carrier's buttons: by title, else by place when there are as many."""
    by_title = {title: action for action, title in titles.items()}
    actions = [by_title.get(title, "") for title in there]
    if "" in actions and len(actions) == len(titles):
        return list(titles)
    return actions


@transaction.atomic
def lose(*, approval: Approval, asked_at: datetime, by: HasActor = SYSTEM) -> bool:
    """The carrier no longer has the template; True when that is news."""
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    if _has_heard_since(row, asked_at):
        return False
    changes = {"state": State.DISABLED, "reason": "GONE", "until": None, "advice": "", "correct_category": "",
               "asked_at": asked_at, "is_doubtful": False}  # fmt: skip
    return _write(row, changes, by=by)


_TIMES = {"state": "event_at", "category": "category_at", "quality": "quality_at"}


@transaction.atomic
def hear(*, account: Account, event: TemplateChanged) -> Approval | None:
    """A webhook about a template; None when we know no such template. `is_doubtful`: the carrier is to be asked."""
    rows = Approval.objects.select_for_update(of=("self",)).filter(account=account)
    row = rows.filter(remote_id=event.remote_id).first() if event.remote_id else None
    row = row or rows.filter(name=event.name, remote_language=event.language).first()
    if row is None:
        return None
    changes: dict[str, Any] = {"heard_at": clock.now()}
    if event.remote_id and not row.remote_id:
        changes["remote_id"] = event.remote_id[:64]
    said = _heard(row, event)
    time_field = _TIMES.get(event.what)
    if event.what == "components":
        changes["is_doubtful"] = True  # the webhook names no variables: the template itself is read
    elif time_field is not None:
        weight = standing.weigh(event.at, event_at=getattr(row, time_field), asked_at=row.asked_at)
        if event.what == "state" and weight != standing.Weight.OLDER:
            changes["said"] = _words(event)
        if weight.counts:
            changes |= {**said, time_field: event.at}
        if weight.is_doubtful and any(getattr(row, name) != value for name, value in said.items()):
            changes["is_doubtful"] = True
    _write(row, changes)
    return row


def _heard(row: Approval, event: TemplateChanged) -> dict[str, Any]:
    values = event.values
    if event.what == "quality":
        return {"quality": _word(values, "new_quality_score")[:12] or row.quality}
    if event.what == "category":
        return _heard_category(row, values)
    if event.what != "state":
        return {}
    said = standing.heard(values, event.at)
    state = standing.state_of(said.word, present=row.state)
    category = _word(values, "message_template_category")[:20] or row.category
    accepted = row.accepted_category or row.category
    changes: dict[str, Any] = {
        "state": standing.settled(state, category=category, accepted=accepted), "reason": said.reason,
        "advice": said.advice, "until": said.until, "category": category, "accepted_category": accepted,
    }  # fmt: skip
    if state == State.APPROVED and row.proposed:
        proposed = row.proposed
        changes |= {name: proposed[name] for name in TEXTS if name in proposed}
        changes["proposed"] = {}
    return changes


def _words(event: TemplateChanged) -> dict[str, str]:
    said = standing.heard(event.values, event.at)
    words = {"state": standing.state_of(said.word, present=""), "reason": said.reason, "advice": said.advice,
             "until": said.until.isoformat() if said.until else ""}  # fmt: skip
    return {key: value for key, value in words.items() if value}


def _heard_category(row: Approval, values: Mapping[str, Any]) -> dict[str, Any]:
    category = _word(values, "new_category")[:20] or row.category
    announced = _word(values, "correct_category")[:20]
    accepted = row.accepted_category or row.category
    return {
        "category": category, "accepted_category": accepted, "correct_category": _announced(announced, category),
        "state": standing.settled(row.state, category=category, accepted=accepted),
    }  # fmt: skip


def _word(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


_NEWS = (*JOURNALLED, *TEXTS, "reason", "advice", "proposed", "name", "remote_language")


def _write(row: Approval, changes: Mapping[str, Any], *, by: HasActor = SYSTEM, name: str = "") -> bool:
    """Save what differs; recorded unless it is only a date of ours. True when there is news."""
    before = {field: plain(getattr(row, field)) for field in JOURNALLED}
    is_news = bool(name) or any(getattr(row, key) != value for key, value in changes.items() if key in _NEWS)
    for key, value in changes.items():
        setattr(row, key, value)
    if not row.pk or before["state"] != row.state:
        row.changed_at = clock.now()
    row.save()
    if is_news:
        after = {field: plain(getattr(row, field)) for field in JOURNALLED}
        differs = [field for field in JOURNALLED if name or before[field] != after[field]]
        body = {key: getattr(row, key) for key in ("reason", "advice") if getattr(row, key)}
        record(
            name or "approval.changed", subject=row, by=by, body=body or None,
            before={} if name else {field: before[field] for field in differs},
            after={**{field: after[field] for field in differs}, "state": row.state, "name": row.name,
                   "language": row.remote_language},
        )  # fmt: skip
    return is_news


@transaction.atomic
def change(*, approval: Approval, by: HasActor, name: str, **changes: Any) -> Approval:
    """Something done here: handed in, category agreed to. The row is locked and the change recorded as `name`."""
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    _write(row, changes, by=by, name=name)
    return row
