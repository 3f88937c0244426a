"""How people are asked for consent: every change is a new version, in all languages."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from apps.contacts import consent, queries, services
from apps.contacts.models import ConsentWording
from apps.core import clock
from apps.journal.capture import RecordedModelAdmin, acting
from apps.providers.kinds import Klass

LANGUAGES: dict[str, str] = {code: f"text_{code.replace('-', '_')}" for code, _name in settings.LANGUAGES}


class _WithTexts(forms.Form):
    """A text field for each language, under its name in LANGUAGES."""


for _name in LANGUAGES.values():
    _WithTexts.base_fields[_name] = _WithTexts.declared_fields[_name] = forms.CharField(
        max_length=services.WORDING_LONGEST, widget=UnfoldAdminTextareaWidget
    )


class WordingForm(_WithTexts, forms.ModelForm):
    """What is in force now is offered to begin from."""

    klasses = forms.MultipleChoiceField(
        label=_("asks about"), widget=forms.CheckboxSelectMultiple,
        help_text=_("The kinds of messages that a yes allows."),
        choices=[(klass, Klass(klass).label) for klass in consent.ASKED_FOR],
    )  # fmt: skip
    in_force_from = forms.SplitDateTimeField(
        label=_("in force from"), widget=UnfoldAdminSplitDateTimeWidget,
        help_text=_("Whoever is asked from then on reads this version; earlier answers keep theirs."),
    )  # fmt: skip

    class Meta:
        model = ConsentWording
        fields = ["klasses", "in_force_from"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("klasses", list(queries.question(settings.LANGUAGE_CODE).klasses))
        self.initial.setdefault("in_force_from", clock.now())
        for code, named in settings.LANGUAGES:
            field = self.fields[LANGUAGES[code]]
            self.initial.setdefault(LANGUAGES[code], queries.text_in_force(code))
            field.label = gettext("question in %(language)s") % {"language": named}
            field.help_text = gettext("{company} becomes the company’s name. At most %(most)s characters.") % {
                "most": services.WORDING_LONGEST}  # fmt: skip


@admin.register(ConsentWording)
class ConsentWordingAdmin(RecordedModelAdmin):
    """Written once, never edited: earlier answers keep the text they were given to."""

    empty_says = _(
        "Everybody who joins is asked which messages they want. Until you write your own question, Recado asks "
        "with its own words."
    )
    form = WordingForm
    list_display = ["version", "asks_about", "in_force_from", "created_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return [*LANGUAGES.values(), "klasses", "in_force_from"]
        return ["version", "asks_about", "texts_shown", "in_force_from", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("asks about"))
    def asks_about(self, wording: ConsentWording) -> str:
        return ", ".join(str(Klass(klass).label) for klass in wording.klasses if klass in Klass.values)

    @display(description=_("texts"))
    def texts_shown(self, wording: ConsentWording) -> str:
        return "\n\n".join(f"{language}: {text}" for language, text in wording.texts.items())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service numbers and records it."""
        data = form.cleaned_data
        row = services.write_wording(
            texts={code: data[name] for code, name in LANGUAGES.items()}, klasses=data["klasses"],
            in_force_from=data["in_force_from"], by=acting(request),
        )  # fmt: skip
        obj.pk, obj.version = row.pk, row.version
