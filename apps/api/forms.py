"""The form of a new API key."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.people import issuing
from apps.people.keys import ApiKey
from apps.people.models import User
from apps.people.scopes import scopes


class NewKeyForm(forms.ModelForm):
    """Everything is checked as the service checks it, so that each wrong field says so itself. `by` is set by the screen."""

    by: User

    owner = forms.ModelChoiceField(
        label=_("Acts for"), queryset=User.objects.none(), widget=UnfoldAdminSelectWidget,
        help_text=_("The key sees and may do what this sign-in does, and ends when it is locked. "
                    "For a program, make a sign-in of its own."),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=_("May be used to"), choices=list, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Choose as little as the program needs."),
    )  # fmt: skip
    ends_on = forms.DateField(
        label=_("Last day"), widget=UnfoldAdminSingleDateWidget, help_text=_("At most two years from today.")
    )
    networks = forms.CharField(
        label=_("Only from"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Networks, one a line, like 203.0.113.0/24. Empty: from anywhere."),
    )  # fmt: skip

    class Meta:
        model = ApiKey
        fields = ("name",)
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen = User.objects.filter(is_active=True).order_by("username")
        owner, chosen = self.fields["owner"], self.fields["scopes"]
        owner.queryset = seen if self.by.has_perm("people.view_user") else seen.filter(pk=self.by.pk)  # type: ignore[attr-defined]
        owner.initial = self.by.pk
        chosen.choices = [(name, f"{title} ({name})") for name, title in scopes]  # type: ignore[attr-defined]
        self.fields["ends_on"].initial = (clock.now() + issuing.YEAR).date()

    def wanted(self) -> dict[str, Any]:
        """The arguments of `issuing.create_key` but the name."""
        values = self.cleaned_data
        return {
            "owner": values["owner"], "scopes": values["scopes"], "by": self.by,
            "expires_at": datetime.combine(values["ends_on"], time.max, tzinfo=UTC),
            "networks": [line for line in values["networks"].split() if line],
        }  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if {"owner", "scopes", "ends_on", "networks"} <= set(self.cleaned_data):
            try:
                issuing.check_new_key(**self.wanted())
            except InvalidInputError as error:
                for name, sentence in error.fields.items():
                    self.add_error("ends_on" if name == "expires_at" else name, sentence)
            except NotPermittedError as error:
                raise ValidationError(str(error)) from error
        return cleaned
