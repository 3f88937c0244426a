"""What would become of a message to many people if it were written now: counts, reasons, and when the last one is out.

Reads only, a constant number of queries for each few hundred people, so that 100,000 can be asked about. It is the planner's
own answer, not an estimate of it; what happens between now and then (somebody writes, stops, falls into the night) is not
in it, and neither is what a message was not asked to wait for, like a limit of messages per person and day.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import translation

from apps.contacts.models import Contact
from apps.core import clock
from apps.outbox import budgets, reasons
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import enqueuing, gathering
from apps.outbox.planning.deciding import Face, Facts, Plan, Verdict, decide
from apps.outbox.planning.gathering import Gathered
from apps.providers import queries as providers
from apps.providers.kinds import kinds
from apps.providers.models import Number
from apps.providers.types import Content, to_json

log = logging.getLogger("recado.outbox")

CHUNK = 500
"""People per round: what is in memory at a time, and the longest list of ids in a query."""


@dataclass(frozen=True)
class Line:
    """One reason, for a screen: how many it concerns, a few words, and what happened and what to do."""

    reason: str
    count: int
    label: str
    sentence: str


@dataclass(frozen=True)
class Preview:
    """`free`, `template` and `knock` people would get it so; `held` wait and `excluded` never get it, both by reason.

    `languages` counts the texts that would leave now by the language they are written in. `opens` is how many people it
    writes to first, which the portfolio's limit counts (those who wait for the morning among them). `finish` is when the
    last of all that leaves by itself could be out; None: nothing does.
    """

    free: int = 0
    template: int = 0
    knock: int = 0
    held: Mapping[str, int] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    opens: int = 0
    finish: datetime | None = None

    @property
    def total(self) -> int:
        return self.free + self.template + self.knock + sum(self.held.values()) + sum(self.excluded.values())

    def lines(self) -> list[Line]:
        """Why some wait or are left out, in the active language, the most frequent first."""
        found = Counter(self.held) + Counter(self.excluded)
        return [Line(code, count, reasons.label(code), reasons.sentence(code)) for code, count in found.most_common()]


@dataclass
class _Tally:
    verdicts: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    opens: int = 0
    resting: int = 0
    latest: datetime | None = None

    def add(self, plan: Plan, language: str, would: Plan | None) -> None:
        """Count one plan; `would` is what becomes of it once the night or the day off is over."""
        is_knock = plan.reason == reasons.KNOCKED
        if plan.is_sendable or is_knock:
            self.verdicts["knock" if is_knock else plan.verdict.value] += 1
            self.languages[plan.language or language] += 1
            self.opens += plan.opens or is_knock
        elif plan.verdict == Verdict.HELD:
            self.held[plan.reason] += 1
        else:
            self.excluded[plan.reason] += 1
        if would is not None and plan.until is not None and (would.is_sendable or would.reason == reasons.KNOCKED):
            self.resting += 1
            self.opens += would.opens or would.reason == reasons.KNOCKED
            self.latest = max(self.latest or plan.until, plan.until)


def preview(
    *,
    kind: str,
    contacts: models.QuerySet[Contact] | Iterable[int],
    data: Mapping[str, Any] | None = None,
    buttons: Sequence[ButtonSpec] = (),
    content: Content | None = None,
    subject: models.Model | None = None,
    number: Number | None = None,
    expires_at: datetime | None = None,
) -> Preview:
    """What `services.enqueue_many` with the same arguments would do now. Writes nothing.

    `contacts` are rows to be or their ids; each is counted once, and ids of nobody are not. The caller answers for who may
    ask. Raises LookupError for an unknown kind, Misconfigured when no number can send.
    """
    now = clock.now()
    model = OutboundMessage(
        kind=kinds[kind].name, klass=kinds[kind].klass, lane=kinds[kind].lane, number=number or providers.default_number(),
        data=dict(data or {}), given=to_json(content) if content is not None else {}, created_at=now,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        expires_at=expires_at or now + enqueuing.MESSAGE_LIVES,
    )  # fmt: skip
    faces = [Face(spec.action, "", spec.title[:40]) for spec in buttons]
    tally = _Tally()
    for people in _chunks(contacts):
        rows = [_row(model, contact, language) for contact, language in people]
        gathered = gathering.gather(rows, now, {row.key: faces for row in rows})
        for place, row in enumerate(rows):
            tally.add(*_planned(gathered, place, row))
    return _summed(tally, model.number, now)


def foresee(*, kind: str, contact: Contact, at: datetime, data: Mapping[str, Any], actions: Sequence[str] = ()) -> Plan:
    """How one message of a declared kind would go to this address at that moment, as far as it is known now.

    `data` fills the wording; `actions` are the buttons it would have. Writes nothing. Raises LookupError for an unknown kind,
    Misconfigured when no number can send.
    """
    model = OutboundMessage(
        kind=kinds[kind].name, klass=kinds[kind].klass, lane=kinds[kind].lane, number=providers.default_number(),
        data=dict(data), created_at=at, expires_at=at + enqueuing.MESSAGE_LIVES,
    )  # fmt: skip
    row = _row(model, contact.pk, contact.spoken_language)
    gathered = gathering.gather([row], at, {row.key: [Face(action, "", "") for action in actions]})
    return _planned(gathered, 0, row)[0]


def _row(model: OutboundMessage, contact: int, language: str) -> OutboundMessage:
    return OutboundMessage(
        key=f"preview:{contact}", contact_id=contact, language=language, number_id=model.number_id, kind=model.kind,
        klass=model.klass, lane=model.lane, data=model.data, given=model.given, created_at=model.created_at,
        expires_at=model.expires_at, subject_type=model.subject_type, subject_id=model.subject_id,
    )  # fmt: skip


def _planned(gathered: Gathered, place: int, row: OutboundMessage) -> tuple[Plan, str, Plan | None]:
    try:
        with translation.override(row.language):
            facts = gathered.facts(place, row)
            plan = decide(facts)
            return plan, row.language, _later(facts) if plan.until is not None else None
    except Exception:
        log.exception("%s to contact %s could not be planned", row.kind, row.contact_id)
        return Plan(Verdict.HELD, reason=reasons.UNPLANNABLE), row.language, None


def _later(facts: Facts) -> Plan:
    """What becomes of it once nothing stands in its way that ends by itself."""
    return decide(replace(facts, rest=None, restricted_until=None))


def _chunks(contacts: models.QuerySet[Contact] | Iterable[int]) -> Iterator[list[tuple[int, str]]]:
    """Ids with the language that each is written to in, a few hundred at a time; everybody once."""
    if isinstance(contacts, models.QuerySet):
        last = 0
        # A slice is a list already; anything else stays a question to the database, asked piece by piece.
        ids: Any = (
            list(contacts.values_list("pk", flat=True))
            if contacts.query.is_sliced
            else contacts.order_by().values("pk")
        )
        wanted = Contact.objects.filter(pk__in=ids)
        while people := _languages(wanted.filter(pk__gt=last).order_by("pk")[:CHUNK]):
            yield people
            last = people[-1][0]
        return
    rest = iter(dict.fromkeys(contacts))
    while chunk := list(islice(rest, CHUNK)):
        yield _languages(Contact.objects.filter(pk__in=chunk).order_by("pk"))


def _languages(rows: models.QuerySet[Contact]) -> list[tuple[int, str]]:
    found = rows.values_list("pk", "language", "employee__language")
    return [(pk, own or theirs or settings.LANGUAGE_CODE) for pk, own, theirs in found]


def _summed(tally: _Tally, number: Number, now: datetime) -> Preview:
    leaving = sum(tally.verdicts.values()) + tally.resting
    finish = None
    if leaving:
        at_full_speed = timedelta(seconds=leaving / number.per_second)
        places = budgets.forecast(number.account.portfolio, tally.opens, now) if tally.opens else None
        finish = max(now + at_full_speed, places or now, tally.latest or now)
    return Preview(
        free=tally.verdicts[Verdict.FREE], template=tally.verdicts[Verdict.TEMPLATE], knock=tally.verdicts["knock"],
        held=dict(tally.held), excluded=dict(tally.excluded), languages=dict(tally.languages), opens=tally.opens,
        finish=finish,
    )  # fmt: skip
