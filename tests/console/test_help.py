"""Whoever fills in a field is told what it does, in plain words and few of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import strip_tags

from apps.people.models import User
from apps.people.roles import ROLES
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LONGEST = 140

SELF_EVIDENT = {
    "DELETE": "the box of the theme that removes a row; its label says so",
    "people.user.first_name": "a name is a name",
    "people.user.last_name": "a name is a name",
    "people.user.email": "an address is an address",
}
"""Fields that may stand without a sentence, and why. One that is not needed any more fails the test."""
LONG = {
    "people.user.password1": "Django's list of the rules for passwords, which depends on the settings",
    "people.user.usable_password": "Django's own sentence about sign-ins without a password",
    "people.user.groups": "the list of the roles with a sentence for each",
}
"""Fields whose help may be longer, and why."""
SCREENS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


def request_of(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def shown(screen: admin.ModelAdmin, request: HttpRequest) -> Iterator[tuple[str, forms.Field]]:
    """Every field that this person could fill in on the screen: when adding, when changing, and in its inlines."""
    label = screen.model._meta.label_lower
    for obj, may in (
        (None, screen.has_add_permission(request)),
        (screen.model(), screen.has_change_permission(request)),
    ):
        if not may:
            continue
        names = set(flatten_fieldsets(screen.get_fieldsets(request, obj)))
        form = screen.get_form(request, obj, change=obj is not None)()
        yield from ((f"{label}.{name}", field) for name, field in form.fields.items() if name in names)
    for inline in screen.get_inline_instances(request, None):
        if inline.has_add_permission(request, None) or inline.has_change_permission(request, None):
            formset = inline.get_formset(request, None)
            kept = inline.model._meta.label_lower
            yield from ((f"{kept}.{name}", field) for name, field in formset.form().fields.items())


def everything() -> dict[str, forms.Field]:
    users = [make_user(is_superuser=True), *(make_user(roles=[role]) for role in ROLES)]
    found: dict[str, forms.Field] = {}
    for user in users:
        for model in SCREENS:
            for name, field in shown(admin.site._registry[model], request_of(user)):
                if name.startswith("django_celery_beat."):
                    continue  # a third party's schedules, which nobody edits here
                found.setdefault(name, field)
                if not str(field.help_text):
                    found[name] = field
    return found


@pytest.fixture
def fields() -> dict[str, forms.Field]:
    return everything()


def test_every_field_that_one_fills_in_says_what_it_does(fields: dict[str, forms.Field]) -> None:
    assert len(fields) > 80
    silent = {name for name, field in fields.items() if not str(field.help_text).strip()}
    assert silent - set(SELF_EVIDENT) == set()
    assert {name for name in SELF_EVIDENT if "." in name} <= silent, "an exception that is no longer needed"


def test_help_is_short_and_no_echo_of_the_label(fields: dict[str, forms.Field]) -> None:
    long = {name for name, field in fields.items() if len(strip_tags(str(field.help_text))) > LONGEST}
    assert long == set(LONG)
    echoes = [
        name
        for name, field in fields.items()
        if _bare(field.help_text) and _bare(field.help_text) == _bare(field.label)
    ]
    assert echoes == []


def _bare(text: Any) -> str:
    return str(text or "").strip(" .:").casefold()


def test_help_is_said_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence is translated when it is shown: in a language that shouts, all of them shout."""
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"¡{message}!")  # type: ignore[attr-defined]
    monkeypatch.setattr(translation._trans, "pgettext", lambda _context, message: f"¡{message}!")  # type: ignore[attr-defined]
    shouted = {name: text for name, field in everything().items() if (text := str(field.help_text))}
    assert len(shouted) > 80
    assert {name: text for name, text in shouted.items() if "¡" not in text} == {}
