"""What may be done to a sign-in besides signing in."""

from urllib.parse import quote

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.services import record
from apps.people.models import User
from apps.people.signin import sessions


@transaction.atomic
def reset_factors(*, user: User, by: User) -> int:
    """Take every factor away (a lost phone) and end all sessions; how many factors. The next sign-in sets up new ones.

    Raises NotPermittedError unless `by` manages sign-ins, and an administrator's only by an administrator;
    InvalidInputError when there is none, or for oneself: whoever sits at an open desk must not get rid of them.
    """
    _check(user, by)
    if user.pk == by.pk:
        raise InvalidInputError(_("Change your own factors under “Your sign-in”, or ask somebody else to reset them."))
    row = User.objects.select_for_update().get(pk=user.pk)
    factors = list(Authenticator.objects.filter(user=row))
    if not factors:
        raise InvalidInputError(_("%(name)s has no second factor to reset.") % {"name": row})
    for factor in factors:
        factor.delete()
    record("user.factors_reset", subject=row, by=by, before={"factors": sorted(factor.type for factor in factors)})
    sign_out_everywhere(user=row, by=by)
    return len(factors)


@transaction.atomic
def sign_out_everywhere(*, user: User, by: User, keep: str | None = None) -> int:
    """End every session of `user` (but the one with the session key `keep`); how many ended. Raises NotPermittedError."""
    if user.pk != by.pk:
        _check(user, by)
    ended = sessions.end_all(user, keep=keep)
    if ended:
        record("user.signed_out_elsewhere" if keep else "user.signed_out_everywhere", subject=user, by=by,
               after={"sessions": ended})  # fmt: skip
    return ended


def end_session(*, user: User, session: str, keep: str | None) -> int:
    """End one session of `user` by its row's id, or with "" all but the one with the key `keep`; how many ended."""
    if not session:
        return sign_out_everywhere(user=user, by=user, keep=keep)
    with transaction.atomic():
        ended = sessions.end_one(user, session, keep=keep)
        if ended:
            record("user.signed_out_elsewhere", subject=user, by=user, after={"sessions": 1})
    return int(ended)


def _check(user: User, by: User) -> None:
    if not by.has_perm("people.change_user"):
        raise NotPermittedError(_("Only who manages sign-ins may do this."))
    if user.is_superuser and not by.is_superuser:
        raise NotPermittedError(_("Only an administrator may do this to an administrator."))


def send_password_mail(*, email: str) -> int:
    """Send a link for a new password to every open sign-in with this address; how many. Unknown addresses get nothing."""
    sent = 0
    if not email.strip():
        return sent  # a sign-in without an address is not whose address is empty
    for user in User.objects.filter(email__iexact=email, is_active=True).select_related("employee"):
        if not user.has_usable_password() or (settings.OIDC["is_required"] and not user.is_superuser):
            continue
        key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        link = settings.BASE_URL + path.replace("UID-KEY", quote(key))
        with translation.override(_language(user)):
            send_mail(
                _("A new password for %(company)s") % {"company": settings.COMPANY_NAME},
                _("Somebody, probably you, asked for a new password for the sign-in %(name)s.\n\nChoose one here:\n%(link)s\n\n"
                  "If it was not you, do nothing: the old password stays. The second factor is asked for as before.")
                % {"name": user.username, "link": link},
                None, [user.email],
            )  # fmt: skip
        sent += 1
    return sent


def _language(user: User) -> str:
    employee = getattr(user, "employee", None)
    return str(employee.language if employee else settings.LANGUAGE_CODE)
