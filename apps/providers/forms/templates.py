"""The wording's forms: checked before a carrier sees it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.providers.kinds import kinds
from apps.providers.models import Translation
from apps.providers.policy import BUTTON_LONGEST, BUTTONS_MOST, faults_of_wording
from apps.providers.wording import placeholders


class TranslationForm(forms.ModelForm):
    """One language of a message. `kind_name` and `actions` come from the page it stands on."""

    kind_name = ""
    actions: tuple[str, ...] = ()

    title_1 = forms.CharField(max_length=BUTTON_LONGEST, required=False, widget=UnfoldAdminTextInputWidget)
    title_2 = forms.CharField(max_length=BUTTON_LONGEST, required=False, widget=UnfoldAdminTextInputWidget)
    title_3 = forms.CharField(max_length=BUTTON_LONGEST, required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Translation
        fields = ("language", "header", "body", "footer")
        widgets = {"body": UnfoldAdminTextareaWidget(attrs={"rows": 7})}

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
            self.fields[name].help_text = gettext("What stands on the button; at most %(most)s characters.") % {
                "most": BUTTON_LONGEST}  # fmt: skip
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
            edges = {"header": cleaned.get("header", ""), "footer": cleaned.get("footer", "")}
            for fault in faults_of_wording(cleaned["body"], self._titles(), variables=set(kind.samples), **edges):
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
