"""The form of an employee's screen."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core.errors import InvalidInputError
from apps.people import services
from apps.people.models import Employee
from apps.people.phones import normalise

_NOT_PLACES = ("Etc/", "SystemV/", "posix/", "right/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")


@cache
def time_zones() -> tuple[str, ...]:
    """Names of places to choose from: Area/City, and UTC. Others that the machine knows may still be typed."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(_NOT_PLACES))
    return ("UTC", *sorted(places))


class TimeZoneInput(UnfoldAdminTextInputWidget):
    """Typing offers the names that fit; no list of six hundred to scroll through."""

    template_name = "people/time_zone.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}_places"
        return {**context, "places": time_zones()}


class EmployeeForm(forms.ModelForm):
    """Phones in any local spelling, known time zones, no rounds of managers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            self.fields["time_zone"].widget = TimeZoneInput()

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"].strip()
        try:
            return normalise(text) if text else ""
        except InvalidInputError as error:
            raise ValidationError(str(error)) from error

    def clean_time_zone(self) -> str:
        try:
            return services.checked_time_zone(self.cleaned_data["time_zone"].strip())
        except InvalidInputError as error:
            raise ValidationError(str(error)) from error

    def clean_manager(self) -> Employee | None:
        manager: Employee | None = self.cleaned_data["manager"]
        try:
            services.check_manager(self.instance, manager)
        except InvalidInputError as error:
            raise ValidationError(str(error)) from error
        return manager
