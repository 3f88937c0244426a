"""The screen of API keys. A secret is shown once, on the page that answers its making, and is in no message or session."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.api.forms import NewKeyForm
from apps.core.errors import RecadoError
from apps.journal.capture import RecordedModelAdmin, asked
from apps.people import issuing
from apps.people.keys import ApiKey
from apps.people.models import User
from apps.people.scopes import scopes


@admin.register(ApiKey)
class ApiKeyAdmin(RecordedModelAdmin):
    empty_says = _(
        "A key lets another program read and write here, within what its owner may do. Make one per program."
    )
    list_display = ["name", "begins", "owner", "state", "expires_at", "last_used_at"]
    list_filter = ["expires_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    actions_detail = ["rotate", "revoke"]
    fields = [
        "name",
        "begins",
        "owner",
        "allowed",
        "places",
        "state",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        rows: QuerySet[ApiKey] = issuing.keys_seen(request.user)
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(issuing.MANAGE))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keys are withdrawn; their rows stay for the journal."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Everybody sees their own keys, and who may see the list sees all."""
        if request.user.has_perm(issuing.MANAGE) or request.user.has_perm("people.view_apikey"):
            return True
        own = issuing.keys_seen(request.user)
        return bool(own.filter(pk=obj.pk).exists() if obj is not None else own.exists())

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[ModelForm]:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        return type("NewKey", (NewKeyForm,), {"by": _user(request)})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.fields if obj else ["name", "owner", "scopes", "ends_on", "networks"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.fields if obj else []

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """One button: whichever it was, the page that follows shows the key."""
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **buttons})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service makes the key; the form's own row is never saved."""
        made, token = issuing.create_key(name=form.cleaned_data["name"], **form.wanted())
        obj.pk, obj.prefix = made.pk, made.prefix
        request.recado_token = token  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return self._told_once(request, obj, request.recado_token)  # type: ignore[attr-defined]

    def _told_once(self, request: HttpRequest, key: ApiKey, token: str) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": gettext("The key, shown this once"), "token": token,
                   "key": key, "back": reverse("admin:people_apikey_change", args=[key.pk])}  # fmt: skip
        return TemplateResponse(request, "api/key_made.html", context, headers={"Cache-Control": "no-store"})

    # --- columns ------------------------------------------------------------------------------------------------------

    @admin.display(description=_("begins with"), ordering="prefix")
    def begins(self, key: ApiKey) -> str:
        return f"rcd_{key.prefix}…"

    @admin.display(description=_("state"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return gettext("withdrawn")
        if not key.is_alive:
            return gettext("ended")
        return gettext("in use") if key.owner.is_active else gettext("sign-in locked")

    @admin.display(description=_("may be used to"))
    def allowed(self, key: ApiKey) -> str:
        lines = ((scopes.get(name) or name, name) for name in key.scopes)
        return format_html_join("", "{} ({})<br>", lines)

    @admin.display(description=_("only from"))
    def places(self, key: ApiKey) -> str:
        return ", ".join(key.networks) or gettext("anywhere")

    # --- buttons ------------------------------------------------------------------------------------------------------
    # Not `@button`: that asks for a permission, and everybody may replace and withdraw their own; and no message may
    # carry the new key.

    @action(description=_("Replace"), url_path="rotate", icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(key: ApiKey) -> HttpResponse:
            return self._told_once(request, *issuing.rotate_key(key=key, by=_user(request)))

        warning = gettext(
            "The present key opens for one more day and then never again: give the new one to whoever uses it."
        )
        return self._on(request, object_id, gettext("Replace"), warning, act)

    @action(description=_("Withdraw"), url_path="revoke", icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(key: ApiKey) -> None:
            issuing.revoke_key(key=key, by=_user(request))
            messages.success(request, gettext("The key opens nothing any more."))

        warning = gettext("A key that is withdrawn stays so: whoever uses it is refused until they have another one.")
        return self._on(request, object_id, gettext("Withdraw"), warning, act)

    def _on(
        self, request: HttpRequest, object_id: str, title: str, warning: str,
        act: Callable[[ApiKey], HttpResponse | None],
    ) -> HttpResponse:  # fmt: skip
        """A GET asks, a POST acts; a refusal is a message and changes nothing."""
        key = self.get_object(request, object_id)
        if key is None:
            messages.error(request, gettext("You may not do this, or it is gone. Nothing was changed."))
            return HttpResponseRedirect(reverse("admin:index"))
        back = reverse("admin:people_apikey_change", args=[object_id])
        if request.method != "POST":
            return asked(self, request, title=title, subject=key, back=back, warning=warning)
        try:
            return act(key) or HttpResponseRedirect(back)
        except RecadoError as error:
            messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
            return HttpResponseRedirect(back)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
