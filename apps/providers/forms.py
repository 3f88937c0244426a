"""Forms of the admin: secrets go in and never come out; wording is checked before a carrier sees it."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from apps.providers.kinds import kinds
from apps.providers.models import Account, Translation
from apps.providers.policy import BUTTON_LONGEST, BUTTONS_MOST, faults_of_wording
from apps.providers.registry import PROVIDERS
from apps.providers.wording import placeholders

SECRETS = ("access_token", "app_secret", "previous_app_secret", "verify_token")


class AccountForm(forms.ModelForm):
    """Secret fields are always shown empty; left empty they keep what is stored."""

    kind = forms.ChoiceField(
        label=_("carrier"),
        initial="meta_cloud",
        choices=[(kind, cls.label) for kind, cls in PROVIDERS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    base_url = forms.URLField(
        label=_("API address"), assume_scheme="https", widget=UnfoldAdminURLInputWidget,
        help_text=_("Change it only for the sandbox or a gateway."),
    )  # fmt: skip

    class Meta:
        model = Account
        fields = ("name", "portfolio", "kind", "remote_id", "base_url", *SECRETS)
        widgets = {name: UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}) for name in SECRETS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = {name: getattr(self.instance, name) for name in SECRETS}
        for name in SECRETS:
            if name in self.fields:
                self._hide(name)

    def _hide(self, name: str) -> None:
        field = self.fields[name]
        field.required = False
        note = gettext("Stored; leave it empty to keep it.") if self.stored[name] else gettext("Nothing is stored yet.")
        field.help_text = f"{field.help_text} {note}".strip()
        self.initial[name] = ""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name in SECRETS:
            cleaned[name] = (cleaned.get(name) or "").strip() or self.stored[name]
        # A new app secret starts a rotation: webhooks already under way are signed with the old one.
        old, is_new = self.stored["app_secret"], cleaned["app_secret"] != self.stored["app_secret"]
        if old and is_new and cleaned["previous_app_secret"] == self.stored["previous_app_secret"]:
            cleaned["previous_app_secret"] = old
        return cleaned

    def clean_base_url(self) -> str:
        address = urlsplit(self.cleaned_data["base_url"])
        if address.scheme != "https" and address.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise forms.ValidationError(gettext("The access token may travel over https:// only."))
        return str(self.cleaned_data["base_url"]).rstrip("/")

    def changed_secrets(self) -> list[str]:
        """Names of the secrets that this form replaces."""
        return [name for name in SECRETS if self.cleaned_data.get(name) != self.stored[name]]


class TranslationForm(forms.ModelForm):
    """One language of a message. `kind_name` and `actions` come from the page it stands on."""

    kind_name = ""
    actions: tuple[str, ...] = ()

    title_1 = forms.CharField(max_length=BUTTON_LONGEST, required=False, widget=UnfoldAdminTextInputWidget)
    title_2 = forms.CharField(max_length=BUTTON_LONGEST, required=False, widget=UnfoldAdminTextInputWidget)
    title_3 = forms.CharField(max_length=BUTTON_LONGEST, required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Translation
        fields = ("language", "body")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = self.instance.buttons or {}
        for index in range(1, BUTTONS_MOST + 1):
            name = f"title_{index}"
            if index > len(self.actions):
                self.fields.pop(name, None)
                continue
            action = self.actions[index - 1]
            self.fields[name].label = gettext("Button “%(action)s”") % {"action": action}
            self.fields[name].required = True
            self.initial[name] = titles.get(action, "")

    def _titles(self) -> dict[str, str]:
        return {
            action: (self.cleaned_data.get(f"title_{index}") or "").strip()
            for index, action in enumerate(self.actions, start=1)
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        kind = kinds.get(self.kind_name)
        if kind is not None and "body" in cleaned:
            for fault in faults_of_wording(cleaned["body"], self._titles(), variables=set(kind.samples)):
                self.add_error("body", fault)
        return cleaned

    def save(self, commit: bool = True) -> Translation:
        self.instance.buttons = self._titles()
        if self.instance.pk and self.has_changed():
            self.instance.version += 1
        saved: Translation = super().save(commit)
        return saved


class TranslationFormSet(forms.BaseInlineFormSet):
    """All languages of one message fill in the same names."""

    def clean(self) -> None:
        super().clean()
        filled = [form for form in self.forms if form.cleaned_data.get("body") and not form.cleaned_data.get("DELETE")]
        if not filled:
            return
        first = filled[0].cleaned_data
        wanted = set(placeholders(first["body"]))
        for form in filled[1:]:
            names = set(placeholders(form.cleaned_data["body"]))
            if names != wanted:
                form.add_error(
                    "body",
                    gettext("This language fills in %(here)s, %(language)s fills in %(there)s: use the same names.")
                    % {"here": ", ".join(sorted(names)) or "-", "there": ", ".join(sorted(wanted)) or "-",
                       "language": first["language"]},
                )  # fmt: skip
