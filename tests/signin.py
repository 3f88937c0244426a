"""Signing in as a person does, for tests: password, then the code of an authenticator app."""

from typing import Any
from urllib.parse import urlencode

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client

from apps.journal.models import Entry
from apps.people.models import User
from portal.demo.codes import code
from tests.factories import make_user

PASSWORD = "a long enough phrase"


def with_password(user: User, password: str = PASSWORD) -> User:
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def with_app(user: User) -> str:
    """Give the user an authenticator app; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def with_codes(user: User) -> list[str]:
    return RecoveryCodes.activate(user).generate_codes()


def enter(client: Client, name: str, password: str = PASSWORD, *, next: str = "/admin/", **extra: str):  # type: ignore[no-untyped-def]  # noqa: A002
    return client.post(f"/accounts/login/?{urlencode({'next': next})}", {"login": name, "password": password}, **extra)


def at_the_desk(*roles: str, **values: Any) -> Client:
    """A browser in which somebody with these roles is signed in already; `values` are those of `make_user`."""
    client = Client()
    client.force_login(make_user(roles=roles, **values))
    return client


def signed_in(user: User, secret: str = "") -> Client:
    """A browser signed in by the front door."""
    client = Client()
    enter(client, user.username)
    if secret:
        client.post("/accounts/code/", {"code": code(secret)})
    forget_codes()
    return client


def forget_codes() -> None:
    """A test may use the code of this half minute again."""
    cache.clear()


def names(user: User) -> list[str]:
    """Names of the journal's entries about a sign-in, oldest first."""
    return list(
        Entry.objects.filter(subject_type="people.user", subject_id=str(user.pk))
        .order_by("pk")
        .values_list("name", flat=True)
    )
