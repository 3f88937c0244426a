"""The screen that tries a flow out: choose who asks, for what and when, and see what would happen. Nothing is written."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.approvals import checks, queries, simulation
from apps.approvals.models import Flow, Request
from apps.core import clock
from apps.core.errors import InvalidInputError
from apps.forms import parse
from apps.forms import queries as form_queries
from apps.forms.schema import FILE_KINDS, FieldSpec
from apps.people import queries as people
from apps.people.models import Employee

TRY = "approvals.change_flow"
"""Who may try a flow out sees who is away and who stands in, of all teams: it belongs to those who make flows."""


class TryForm(forms.Form):
    """Who asks, when, and the answers on which the flow depends; they are read as the chat would read them."""

    employee = forms.ModelChoiceField(label=_("Who asks"), queryset=Employee.objects.none())
    at = forms.DateTimeField(
        label=_("When"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=_("Empty: now. Absences, teams and calendars of that day count."),
    )  # fmt: skip

    def __init__(self, flow: Flow, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["employee"]
        field.queryset = people.visible_employees(user).filter(state=Employee.State.ACTIVE)
        field.widget = AutocompleteSelect(Request._meta.get_field("requester"), admin.site, choices=field.choices)
        self.specs = asked_about(flow)
        for spec in self.specs:
            self.fields[f"answer-{spec.key}"] = _input(spec)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        values["answers"] = {}
        language = get_language() or "en"
        for spec in self.specs:
            raw = values.get(f"answer-{spec.key}")
            if raw in (None, ""):
                continue
            try:
                values["answers"][spec.key] = parse.answer(spec, raw, language)
            except InvalidInputError as error:
                self.add_error(f"answer-{spec.key}", str(error))
        return values


def asked_about(flow: Flow) -> list[FieldSpec]:
    """The fields that matter to the route and to what deciders read: title, amount, and those of the conditions."""
    keys = {flow.summary_field, flow.amount_field}
    keys |= {str((stage.condition or {}).get("field") or "") for stage in flow.stages.all()}
    schema = form_queries.schema_of_form(flow.form)
    return [spec for spec in schema if spec.key in keys and spec.kind not in FILE_KINDS | {"location"}]


def _input(spec: FieldSpec) -> forms.Field:
    language, label = get_language() or "en", spec.text(get_language() or "en")
    choices: list[tuple[str, str]] = []
    if spec.kind == "choice":
        choices = [(option.key, option.text(language)) for option in spec.choices]
    elif spec.kind == "yesno":
        choices = [("yes", gettext("Yes")), ("no", gettext("No"))]
    if choices:
        return forms.ChoiceField(
            label=label, required=False, choices=[("", "–"), *choices], widget=UnfoldAdminSelectWidget
        )
    return forms.CharField(label=label, required=False, max_length=500, widget=UnfoldAdminTextInputWidget)


class TryItOut:
    """Adds the button and the page to the flows' screen."""

    @action(description=_("Try it out"), url_path="try", icon="science", permissions=["change"])
    def try_it_out(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        flow = self.get_object(request, object_id)
        if flow is None or not request.user.has_perm(TRY):
            raise PermissionDenied(gettext("Only people who manage flows can do this."))
        form = TryForm(flow, request.user, _typed(request) if "employee" in request.GET else None)
        language = get_language() or "en"
        result, at = [], clock.now()
        if form.is_bound and form.is_valid():
            at = _moment(form.cleaned_data["at"]) or at
            result = simulation.simulate(
                flow=flow, requester=form.cleaned_data["employee"], answers=form.cleaned_data["answers"], at=at,
                language=language,
            )  # fmt: skip
        return TemplateResponse(request, "approvals/try.html", {
            **self.admin_site.each_context(request), "title": gettext("Try out: %(flow)s") % {"flow": queries.flow_name(flow, language)},
            "opts": self.opts, "flow": flow, "form": form, "result": result, "at": at,
            "is_shown": form.is_bound and not form.errors, "problems": checks.problems(flow),
            "back": reverse("admin:approvals_flow_change", args=[flow.pk]), "media": form.media,
        })  # fmt: skip


def _typed(request: HttpRequest) -> QueryDict:
    """Django's widget looks up whatever stands as the employee; what is no key was never chosen."""
    values = request.GET.copy()
    if not re.fullmatch(r"[0-9]{1,18}", values.get("employee", "")):
        values["employee"] = ""
    return values


def _moment(at: datetime | None) -> datetime | None:
    """What somebody typed is meant on their own clock."""
    return timezone.make_aware(at) if at is not None and timezone.is_naive(at) else at
