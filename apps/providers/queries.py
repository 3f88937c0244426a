"""Reads about accounts, numbers and wording."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import Misconfigured
from apps.providers.kinds import kinds
from apps.providers.models import Account, Approval, MessageTemplate, Number, Translation


@dataclass(frozen=True)
class Phrase:
    """One translation as it is sent: our wording, and what one account's carrier approved of it.

    `approval` is empty when the account has none; the other `approved_...` fields mean something only with it.
    """

    language: str
    body: str
    """The whole wording as free text."""
    titles: Mapping[str, str] = field(default_factory=dict)
    fallback: str = MessageTemplate.Fallback.HOLD
    approval: str = ""
    approved_name: str = ""
    approved_language: str = ""
    approved_body: str = ""
    parameters: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @property
    def is_approved(self) -> bool:
        return self.approval == Approval.State.APPROVED


def default_number() -> Number:
    """The number we write from: the one marked as default, else the only one. Raises Misconfigured."""
    numbers = list(Number.objects.select_related("account__portfolio").order_by("-is_default", "id")[:2])
    if numbers and (numbers[0].is_default or len(numbers) == 1):
        return numbers[0]
    raise Misconfigured(_("No number is marked as the default for sending. Mark one in its account."), code="no_number")


def account_at(*, kind: str, hook_key: str, accounts: QuerySet[Account] | None = None) -> Account | None:
    """The account that listens at /hooks/<kind>/<hook_key>/; a paused or broken one still listens."""
    if "\x00" in hook_key:  # PostgreSQL refuses even to look for it
        return None
    among = Account.objects.all() if accounts is None else accounts
    return among.filter(kind=kind, hook_key=hook_key).first()


def webhook_address(account: Account) -> str:
    """Where this account's webhooks must go."""
    return f"{settings.BASE_URL}/hooks/{account.kind}/{account.hook_key}/"


def phrases(wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], list[Phrase]]:
    """Every translation of these (kind, account id) pairs with what the account's carrier says of it, in one query.

    In the order in which they were written. Rows that were spoilt by hand are read as far as they make sense; a kind of
    which no text is left has the wording that it came with.
    """
    if not wanted:
        return {}
    accounts = defaultdict(set)
    for kind, account_id in wanted:
        accounts[kind].add(account_id)
    asked = Q(approvals__account_id__in={account_id for _kind, account_id in wanted})
    rows = (
        Translation.objects.filter(template__kind__in=accounts)
        .annotate(said=FilteredRelation("approvals", condition=asked))
        .order_by("id")
        .values(
            "language", "header", "body", "footer", "buttons", kind=F("template__kind"), fallback=F("template__fallback"),
            account=F("said__account_id"), state=F("said__state"), name=F("said__name"),
            remote_language=F("said__remote_language"), remote_body=F("said__body"),
            parameters=F("said__parameters"), actions=F("said__buttons"),
        )
    )  # fmt: skip
    found: dict[tuple[str, int], dict[str, Phrase]] = {pair: {} for pair in wanted}
    for row in rows:
        for account_id in accounts[row["kind"]]:
            if row["account"] == account_id:
                found[row["kind"], account_id][row["language"]] = _phrase(row)
            else:  # says nothing of this account, whose own row may still come or have come
                bare = _phrase({**row, "state": ""})
                found[row["kind"], account_id].setdefault(row["language"], bare)
    written = {pair: [one for one in by_language.values() if one.body.strip()] for pair, by_language in found.items()}
    return {pair: rows or _shipped(pair[0]) for pair, rows in written.items()}


def _shipped(name: str) -> list[Phrase]:
    """The wording that the kind came with: what is said when somebody deleted ours."""
    kind = kinds.get(name)
    return (
        [Phrase(language, body, kind.buttons.get(language, {})) for language, body in kind.bodies.items()]
        if kind
        else []
    )


def _phrase(row: Mapping[str, Any]) -> Phrase:
    titles = row["buttons"] if isinstance(row["buttons"], dict) else {}
    bare = Phrase(
        language=row["language"],
        body=Translation(header=row["header"], body=row["body"], footer=row["footer"]).as_free_text,
        titles={str(action): str(title) for action, title in titles.items()},
        fallback=row["fallback"],
    )
    if not row["state"]:
        return bare
    return Phrase(
        **vars(bare) | {
            "approval": row["state"], "approved_name": row["name"], "approved_language": row["remote_language"],
            "approved_body": row["remote_body"] or row["body"], "parameters": _strings(row["parameters"]),
            "actions": _strings(row["actions"]),
        }
    )  # fmt: skip


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, Iterable) and not isinstance(value, str | dict) else ()
