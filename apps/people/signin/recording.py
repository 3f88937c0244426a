"""Who came in, who tried, who left, and what happened to their factors: in the journal. Never a password, never a code."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record
from apps.people.models import User
from apps.people.signin import factors, policy, sessions

LONGEST_NAME = 60


@transaction.atomic
def sign_in_failed(*, name: str, ip: str, is_locked: bool) -> None:
    """A wrong password for `name`; with `is_locked` the last one allowed. The name is capped and may be erased lawfully."""
    user = User.objects.filter(username__iexact=name).first()
    record(
        "user.sign_in_failed",
        subject=user,
        after={"locked_out": is_locked},
        body={"name": name[:LONGEST_NAME], "ip": ip},
    )


@transaction.atomic
def signed_out(user: User) -> None:
    record("user.signed_out", subject=user, by=user)


@receiver(user_logged_in)
@transaction.atomic
def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    methods = [str(one.get("method")) for one in get_authentication_records(request, user)]
    how = next((method for method in methods if method != "mfa"), "passkey")
    record("user.signed_in", subject=user, by=user, after={"with": how, "factor": factors.shown(request, user) or "none"},
           body={"ip": get_adapter().get_client_ip(request), "device": sessions.device(request.META.get("HTTP_USER_AGENT", ""))})  # fmt: skip


@receiver(authentication_failed)
@transaction.atomic
def _factor_failed(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record("user.second_factor_failed", subject=user, after={"factor": authenticator.type})


@receiver(post_save, sender=Authenticator)
@transaction.atomic
def _factor_kept(sender: Any, instance: Authenticator, created: bool, **kwargs: Any) -> None:
    if not created:
        return
    record("user.factor_added", subject=instance.user, by=_who(), after={"factor": instance.type})
    request = context.request
    if instance.type in policy.FACTORS and request is not None and request.user == instance.user:
        _shown_here(request, instance)


def _shown_here(request: HttpRequest, factor: Authenticator) -> None:
    """Setting one up shows it: this session goes on. The others of this person began without one and end."""
    record_authentication(request, factor.user, "mfa", id=factor.pk, type=factor.type, reauthenticated=True)
    if len([kind for kind in factors.types_of(factor.user) if kind in policy.FACTORS]) == 1:
        sessions.end_all(factor.user, keep=request.session.session_key)


@receiver(post_delete, sender=Authenticator)
@transaction.atomic
def _factor_gone(sender: Any, instance: Authenticator, **kwargs: Any) -> None:
    record("user.factor_removed", subject=instance.user, by=_who(), before={"factor": instance.type})


@receiver(post_save, sender=SocialAccount)
@transaction.atomic
def _linked(sender: Any, instance: SocialAccount, created: bool, **kwargs: Any) -> None:
    if created:
        record(
            "user.linked",
            subject=instance.user,
            by=_who(),
            after={"provider": instance.provider},
            body={"uid": instance.uid},
        )


@receiver([password_changed, password_reset])
@transaction.atomic
def _password(sender: Any, user: User, **kwargs: Any) -> None:
    record("user.password_changed", subject=user, by=user)


@receiver(post_save, sender=User)
def _locked(sender: Any, instance: User, created: bool, **kwargs: Any) -> None:
    """Wherever a sign-in was locked: its sessions are gone in the same commit, and do not come back when it is opened."""
    if not created and not instance.is_active:
        sessions.end_all(instance)


def _who() -> HasActor:
    user = getattr(context.request, "user", None)
    return user if isinstance(user, User) else SYSTEM
