"""Reads about accounts, numbers and wording."""

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import Misconfigured
from apps.providers.models import Account, Approval, Number, Translation


def default_number() -> Number:
    """The number we write from: the one marked as default, else the only one. Raises Misconfigured."""
    numbers = list(Number.objects.select_related("account__portfolio").order_by("-is_default", "id")[:2])
    if numbers and (numbers[0].is_default or len(numbers) == 1):
        return numbers[0]
    raise Misconfigured(_("No number is marked as the default for sending. Mark one in its account."), code="no_number")


def number_by_remote_id(remote_id: str) -> Number | None:
    """The number whose phone number id at the carrier this is, with its account and portfolio."""
    return Number.objects.select_related("account__portfolio").filter(remote_id=remote_id).first()


def account_for_hook(kind: str, hook_key: str) -> Account | None:
    """Whose webhook address this is."""
    return Account.objects.filter(kind=kind, hook_key=hook_key).first()


def wording(kind: str, language: str) -> Translation | None:
    """What we say for a kind: in this language, else in its base language, the house's language, English; else any."""
    rows = Translation.objects.select_related("template").filter(template__kind=kind).order_by("id")
    found = {row.language.lower(): row for row in rows}
    wanted = language.lower()
    for code in (wanted, wanted.partition("-")[0], settings.LANGUAGE_CODE.lower(), "en"):
        if code in found:
            return found[code]
        # "pt" and "pt-pt" are better served by "pt-br" than by English.
        kin = next((row for name, row in found.items() if name.partition("-")[0] == code.partition("-")[0]), None)
        if kin is not None:
            return kin
    return next(iter(found.values()), None)


def approval_for(translation: Translation, account: Account) -> Approval | None:
    """The template that may open a conversation with this wording now; None unless the carrier approved it."""
    return Approval.objects.filter(translation=translation, account=account, state=Approval.State.APPROVED).first()
