"""Typed inputs for what is kept as JSON: texts by language, options, one condition, limits. For every app's admin above.

No tables. `TranslatedAdminMixin` is all that another admin needs:

    class CategoryAdmin(TranslatedAdminMixin, RecordedModelAdmin):
        translated = {"name": 24}
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from apps.forms.schema import in_language

INPUT, SELECT, TEXTAREA = " ".join(INPUT_CLASSES), " ".join(SELECT_CLASSES), " ".join(TEXTAREA_CLASSES)
OPS = [
    ("", "—"), ("eq", _("is")), ("ne", _("is not")), ("gt", _("is more than")), ("gte", _("is at least")),
    ("lt", _("is less than")), ("lte", _("is at most")),
]  # fmt: skip


class _LabelledWidget(forms.MultiWidget):
    """Several inputs, each with its label above."""

    template_name = "forms/widgets/labelled.html"
    columns = 1

    def __init__(self, widgets: Mapping[str, forms.Widget], labels: Mapping[str, Any]) -> None:
        super().__init__(dict(widgets))
        self.labels = labels

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], self.labels.values(), strict=True):
            part["label"] = label
            part["attrs"].pop("required", None)  # one language is enough; the field itself says when none is there
        context["widget"]["columns"] = self.columns
        return context

    def decompress(self, value: Any) -> list[Any]:
        values = value if isinstance(value, Mapping) else {}
        return ["" if values.get(key) is None else values.get(key) for key in self.labels]

    class Media:
        css: ClassVar = {"all": ["forms/desk.css"]}


class TranslatedField(forms.MultiValueField):
    """{language: text}, one labelled input per language of the house. Empty languages are left out."""

    def __init__(self, *, max_length: int | None = None, is_long: bool = False, **options: Any) -> None:
        languages = dict(settings.LANGUAGES)
        attrs = {"maxlength": max_length} if max_length else {}
        widgets: dict[str, forms.Widget] = {
            code.replace("-", "_"): forms.Textarea({"class": TEXTAREA, "rows": 2, **attrs})
            if is_long
            else forms.TextInput({"class": INPUT, **attrs})
            for code in languages
        }
        widget = _LabelledWidget(widgets, languages)
        widget.columns = len(languages)
        parts = tuple(forms.CharField(required=False, max_length=max_length) for _code in languages)
        super().__init__(parts, widget=widget, require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> dict[str, str]:
        texts = zip(dict(settings.LANGUAGES), data_list or [], strict=False)
        return {code: text.strip() for code, text in texts if text and text.strip()}


class ConditionField(forms.MultiValueField):
    """{"field", "op", "value"} as three inputs; all empty: {}."""

    def __init__(self, **options: Any) -> None:
        widgets = {
            "field": forms.TextInput({"class": INPUT, "placeholder": "amount"}),
            "op": forms.Select({"class": SELECT}, choices=OPS),
            "value": forms.TextInput({"class": INPUT, "placeholder": "500"}),
        }
        widget = _LabelledWidget(widgets, {"field": _("Key of the field"), "op": _("compared"), "value": _("with")})
        widget.columns = 3
        parts = (
            forms.CharField(required=False),
            forms.ChoiceField(choices=OPS, required=False),
            forms.CharField(required=False),
        )
        super().__init__(parts, widget=widget, require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> dict[str, Any]:
        field, op, value = data_list or ("", "", "")
        if not (field or op or value):
            return {}
        if not (field and op and value):
            raise ValidationError(_("A condition needs all three parts, or none."))
        return {"field": field.strip(), "op": op, "value": int(value) if value.strip().isdecimal() else value.strip()}


class LimitsField(forms.MultiValueField):
    """The limits of a question; empty ones are left out."""

    NAMES: ClassVar = {
        "max_length": _("Most characters"), "min": _("Smallest"), "max": _("Largest"), "currency": _("Currency"),
        "max_files": _("Most files"), "typed": _("A place may be written"),
    }  # fmt: skip

    def __init__(self, **options: Any) -> None:
        widgets: dict[str, forms.Widget] = {name: forms.TextInput({"class": INPUT}) for name in self.NAMES}
        widgets["max_length"] = forms.NumberInput({"class": INPUT, "min": 1})
        widgets["max_files"] = forms.NumberInput({"class": INPUT, "min": 1})
        widgets["currency"] = forms.TextInput({"class": INPUT, "maxlength": 3, "placeholder": "BRL"})
        widgets["typed"] = forms.CheckboxInput()
        widget = _LabelledWidget(widgets, self.NAMES)
        widget.columns = 3
        parts = (
            forms.IntegerField(required=False, min_value=1), forms.CharField(required=False), forms.CharField(required=False),
            forms.CharField(required=False, max_length=3), forms.IntegerField(required=False, min_value=1),
            forms.BooleanField(required=False),
        )  # fmt: skip
        super().__init__(parts, widget=widget, require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> dict[str, Any]:
        limits = {name: value for name, value in zip(self.NAMES, data_list or [], strict=False) if value}
        if "currency" in limits:
            limits["currency"] = limits["currency"].upper()
        return limits


class OptionsWidget(forms.Widget):
    """A row per option: its key and its label in every language, and a few empty rows to add more."""

    template_name = "forms/widgets/options.html"
    EMPTY_ROWS = 3
    MOST = 120

    class Media:
        css: ClassVar = {"all": ["forms/desk.css"]}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        options = [*(value or []), *({} for _row in range(self.EMPTY_ROWS))]
        context["widget"].update(
            languages=settings.LANGUAGES,
            classes=INPUT,
            rows=[
                {
                    "key_name": f"{name}_{n}_key",
                    "key": option.get("key", ""),
                    "labels": [
                        {
                            "name": f"{name}_{n}_{code}",
                            "language": language,
                            "text": (option.get("label") or {}).get(code, ""),
                        }
                        for code, language in settings.LANGUAGES
                    ],
                }
                for n, option in enumerate(options)
            ],
        )
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, Any]]:
        found = []
        for n in range(self.MOST):
            if f"{name}_{n}_key" not in data:
                break
            typed = {code: str(data.get(f"{name}_{n}_{code}", "")).strip() for code, _language in settings.LANGUAGES}
            label = {code: text for code, text in typed.items() if text}
            key = str(data.get(f"{name}_{n}_key", "")).strip()
            if key or label:
                found.append(
                    {"key": key or slugify(in_language(label, "en"))[:60] or f"option-{n + 1}", "label": label}
                )
        return found

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}_0_key" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class OptionsField(forms.Field):
    """[{"key", "label": {language: text}}]; a key left empty is made from the label."""

    widget = OptionsWidget

    def clean(self, value: Any) -> list[dict[str, Any]]:
        return list(value or [])

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != list(data or [])


class TranslatedAdminMixin:
    """`translated` names the model's JSON fields of {language: text}, with the most characters per language."""

    translated: ClassVar[Mapping[str, int]] = {}

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **options: Any) -> Any:
        if db_field.name not in self.translated:
            return super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]
        most = self.translated[db_field.name]
        return TranslatedField(
            max_length=most, is_long=most > 100, required=not db_field.blank, help_text=db_field.help_text,
            label=str(db_field.verbose_name).capitalize(), initial=dict,
        )  # fmt: skip
