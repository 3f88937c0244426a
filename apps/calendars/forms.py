"""Forms of the calendar's screen: known countries and regions, hours that do not overlap."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.calendars import places
from apps.calendars.hours import first_overlap
from apps.calendars.models import Holiday, WorkCalendar


class CalendarForm(forms.ModelForm):
    """The regions are those of the country chosen last; a region of another country is refused by name."""

    country = forms.ChoiceField(
        label=_("Holidays of the country"), required=False, choices=list, widget=UnfoldAdminSelectWidget,
        help_text=_("Its public holidays are filled in when you save: this year and the next two."),
    )  # fmt: skip
    region = forms.ChoiceField(
        label=_("And of the region"), required=False, choices=list, widget=UnfoldAdminSelectWidget,
        help_text=_("Save with a country first; then its regions stand here."),
    )  # fmt: skip

    class Meta:
        model = WorkCalendar
        fields = ("name", "country", "region", "quiet_from", "quiet_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "country" not in self.fields:
            return  # somebody who may only look
        self.fields["country"].choices = [("", gettext("No public holidays")), *places.countries().items()]  # type: ignore[attr-defined]
        regions = {**places.regions(self.instance.country), **places.regions(str(self.data.get("country", "")))}
        self.fields["region"].choices = [("", gettext("The whole country")), *regions.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        country, region = cleaned.get("country", ""), cleaned.get("region", "")
        if region and region not in places.regions(country):
            if "country" in self.changed_data and "region" not in self.changed_data:
                cleaned["region"] = ""  # the old country's region went with it
            else:
                self.add_error("region", gettext("This region belongs to another country."))
        return cleaned

    @property
    def is_elsewhere(self) -> bool:
        """Another place's holidays are wanted now."""
        return bool({"country", "region"} & set(self.changed_data))


class HoursFormSet(forms.BaseInlineFormSet):
    """Spans of one week do not overlap, not even from Sunday's night into Monday."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        named = ("weekday", "starts", "ends")
        spans = sorted(
            (*(form.cleaned_data[name] for name in named), index)
            for index, form in enumerate(kept)
            if set(named) <= form.cleaned_data.keys()
        )
        found = first_overlap([(weekday, starts, ends) for weekday, starts, ends, _index in spans])
        if found is not None:
            kept[spans[found][3]].add_error(
                "ends", gettext("Runs into the next span: hours may touch but not overlap.")
            )


class HolidayForm(forms.ModelForm):
    class Meta:
        model = Holiday
        fields = ("day", "name", "is_working", "starts", "ends")
        widgets = {"name": UnfoldAdminTextInputWidget(attrs={"style": "min-width: 16rem"})}
