"""The account's form: secrets go in and never come out."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget

from apps.providers.models import Account
from apps.providers.registry import PROVIDERS

SECRETS = ("access_token", "app_secret", "previous_app_secret", "verify_token")


class AccountForm(forms.ModelForm):
    """Secret fields are always shown empty; left empty they keep what is stored."""

    kind = forms.ChoiceField(
        label=_("carrier"), help_text=_("The company whose API this account speaks."),
        initial="meta_cloud",
        choices=[(kind, cls.label) for kind, cls in PROVIDERS.items()],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    base_url = forms.URLField(
        label=_("API address"), assume_scheme="https", widget=UnfoldAdminURLInputWidget,
        help_text=_("Change it only for the sandbox or a gateway."),
    )  # fmt: skip

    class Meta:
        model = Account
        fields = ("name", "portfolio", "kind", "remote_id", "base_url", "read_marks", "templates_most", *SECRETS)
        widgets = {name: UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}) for name in SECRETS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"kind", "base_url"} & set(self.fields):
            self.fields[name].label = capfirst(str(self.fields[name].label))  # as Django does for the model's own
        self.stored = {name: getattr(self.instance, name) for name in SECRETS}
        for name in SECRETS:
            if name in self.fields:
                self._hide(name)
        for name in {"read_marks", "templates_most"} & set(self.fields):
            self.fields[name].required = False  # left out, it stays as it is

    def clean_templates_most(self) -> int:
        return int(self.cleaned_data["templates_most"] or self.instance.templates_most)

    def clean_read_marks(self) -> str:
        return str(self.cleaned_data["read_marks"] or self.instance.read_marks)

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
