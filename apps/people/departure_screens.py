"""The screens of leaving: one page with everything open and its new owners, and the list of departures."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.core import days
from apps.core.errors import InvalidInputError, RecadoError
from apps.journal.capture import ReadOnlyAdmin, acting, button
from apps.people import departures, leaving, planned, queries
from apps.people.models import Employee, Leaving

AS_IT_IS = "as-it-is"


class DepartureButtons:
    """Buttons of an employee's page. `mark_left` is a page of its own: it acts on POST only."""

    @action(description=_("Mark as left"), url_path="mark-left", icon="logout")
    def mark_left(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        employee = self.get_object(request, object_id)
        if employee is None or not request.user.has_perm(departures.CHANGE):
            messages.error(request, gettext("You may not do this, or it is gone. Nothing was changed."))
            return HttpResponseRedirect(reverse("admin:index"))
        back = reverse("admin:people_employee_change", args=[employee.pk])
        wrong: dict[str, str] = {}
        if request.method == "POST":
            try:
                messages.success(request, _step(request, employee))
                return HttpResponseRedirect(back)
            except RecadoError as error:
                messages.error(request, str(error))
                wrong = dict(error.fields) if isinstance(error, InvalidInputError) else {}
        return TemplateResponse(request, "people/leaving.html", _page(self, request, employee, back, wrong))

    def get_actions_detail(self: Any, request: HttpRequest, object_id: int) -> Any:
        """Who is here leaves, who has left comes back: never both buttons."""
        employee = self.get_object(request, str(object_id))
        useless = "take_back" if employee is None or employee.is_active else "mark_left"
        return [one for one in super().get_actions_detail(request, object_id) if one.method.__name__ != useless]  # type: ignore[misc]

    def get_fieldsets(self: Any, request: HttpRequest, obj: Employee | None = None) -> Any:
        """A planned departure is shown to whoever may see departures."""
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if request.user.has_perm(queries.VIEW_LEAVING):
            return fieldsets
        return [(title, {**options, "fields": [one for one in options["fields"] if one != "leaves_on"]})
                for title, options in fieldsets]  # fmt: skip

    @admin.display(description=_("planned departure"))
    def leaves_on(self, employee: Employee) -> str:
        departure = planned.of(employee) if employee.pk else None
        return planned.said(departure) if departure else "–"

    @button(_("Came back"), permission=departures.CHANGE, icon="login")
    def take_back(self, request: HttpRequest, obj: Employee) -> str:
        departures.take_back(employee=obj, by=acting(request))
        return gettext("%(name)s works here again. What was passed on stays with its new owners, the phone must be "
                       "linked anew, and the sign-in stays locked.") % {"name": obj}  # fmt: skip


def _step(request: HttpRequest, employee: Employee) -> str:
    """Leave now, plan it, or call it off; returns what happened. Raises RecadoError: then nothing was changed."""
    step, by = request.POST.get("step", "now"), acting(request)
    if step == "call_off":
        planned.call_off_as_hr(employee=employee, by=by)
        return gettext("Called off: %(name)s stays, and nothing is passed on.") % {"name": employee}
    answers = _answers(request, employee)
    if step == "plan":
        departure = planned.plan_as_chosen(employee=employee, on=_last_day(request), by=by, answers=answers)
        return gettext("Planned: %(name)s %(leaves)s. Until that day is over nothing changes.") % {
            "name": employee, "leaves": planned.said(departure)}  # fmt: skip
    departures.pass_on(employee=employee, by=by, answers=answers)
    return gettext("%(name)s has left: nothing can be decided by them any more, and what was open is passed on as "
                   "chosen.") % {"name": employee}  # fmt: skip


def _last_day(request: HttpRequest) -> date:
    """Raises InvalidInputError naming "on"."""
    try:
        return days.read(request.POST.get("on", "")[:20])
    except ValueError:
        sentence = gettext("Which day is the last? Choose it, or write it like 31/12/2026. Nothing was changed.")
        raise InvalidInputError(sentence, fields={"on": sentence}) from None


def _page(screen: Any, request: HttpRequest, employee: Employee, back: str, wrong: dict[str, str]) -> dict[str, Any]:
    posted = request.POST
    visible = queries.visible_employees(request.user)
    rows = []
    plan = planned.of(employee)
    for thing in leaving.open_things(employee):
        seen = set(visible.filter(pk__in=[one.pk for one in thing.candidates]).values_list("pk", flat=True))
        rows.append({
            "thing": thing, "offered": [one for one in thing.candidates if one.pk in seen],
            "wrong": wrong.get(thing.key, ""), "is_red": thing.needs_answer,
            **_choice(thing, plan, seen, visible),
            **({"number": posted.get(f"number-{thing.key}", ""), "chosen": posted.get(f"owner-{thing.key}", "")} if posted else {}),
        })  # fmt: skip
    today = queries.today(employee)
    title = gettext("%(name)s leaves") if employee.is_active else gettext("%(name)s has left")
    return {**screen.admin_site.each_context(request), "title": title % {"name": employee}, "rows": rows, "back": back,
            "is_here": employee.is_active, "as_it_is": AS_IT_IS, "plan": plan, "plan_said": planned.said(plan) if plan else "",
            "on": posted.get("on", "") or (plan.on.isoformat() if plan else ""), "wrong_day": wrong.get("on", ""),
            "first_day": today.isoformat(), "last_day": (today + timedelta(days=planned.MOST_DAYS)).isoformat()}  # fmt: skip


def _choice(
    thing: leaving.OpenThing, plan: Leaving | None, offered: set[int], visible: QuerySet[Employee]
) -> dict[str, str]:
    """What is chosen when the page opens: as it was planned, else the proposal."""
    planned_for = plan.answers if plan else {}
    if thing.key not in planned_for:
        return {"chosen": AS_IT_IS if thing.is_fine_alone and not thing.candidates else "", "number": ""}
    chosen = planned_for[thing.key]
    if chosen is None:
        return {"chosen": AS_IT_IS, "number": ""}
    if chosen in offered:
        return {"chosen": str(chosen), "number": ""}
    other = visible.filter(pk=chosen, state=Employee.State.ACTIVE).first()
    return {"chosen": "", "number": other.number if other else ""}


def _answers(request: HttpRequest, employee: Employee) -> dict[str, int | None]:
    answers: dict[str, int | None] = {}
    wrong: dict[str, str] = {}
    for thing in leaving.open_things(employee):
        try:
            answer = _answer(request, thing)
        except InvalidInputError as error:
            wrong[thing.key] = str(error)
            continue
        if answer is not None:
            answers[thing.key] = None if answer == AS_IT_IS else int(answer)
    if wrong:
        raise InvalidInputError(gettext("Some things have no new owner yet. Nothing was changed."), fields=wrong)
    return answers


def _answer(request: HttpRequest, thing: leaving.OpenThing) -> str | None:
    """The employee's key, AS_IT_IS, or None for the proposal. Raises InvalidInputError for nobody one may see."""
    number = request.POST.get(f"number-{thing.key}", "").strip()
    chosen = request.POST.get(f"owner-{thing.key}", "")
    visible = queries.visible_employees(request.user)
    if number:
        found = visible.filter(number=number[:40], state=Employee.State.ACTIVE).first()
    elif chosen.isdecimal() and len(chosen) < 19:
        found = visible.filter(pk=chosen, state=Employee.State.ACTIVE).first()
    else:
        return AS_IT_IS if chosen == AS_IT_IS else None
    if found is None:
        raise InvalidInputError(gettext("Nobody whom you may see works here under this number: choose somebody else."))
    return str(found.pk)


@admin.register(Leaving)
class LeavingAdmin(ReadOnlyAdmin):
    """Who left or will leave, and what was passed on to whom."""

    empty_says = _(
        "When somebody leaves, what they had open and who took it over is reported here. Mark them as left on "
        "their page."
    )
    empty_next = (_("Go to the employees"), "admin:people_employee_changelist", "people.view_employee")
    list_display = ("employee", "when", "state_label", "created_at", "seen_at")
    list_filter = ("state", ("seen_at", admin.EmptyFieldListFilter))
    list_select_related = ("employee",)
    search_fields = ("employee__name", "employee__number")
    fields = ("employee", "when", "state_label", "planned_by", "created_at", "seen_at", "passed_on")
    readonly_fields = fields
    actions_detail = ("mark_seen", "change_plan", "call_off")

    @admin.display(description=_("last day"), ordering="on")
    def when(self, departure: Leaving) -> str:
        if departure.state == Leaving.State.PLANNED:
            return planned.said(departure)
        return str(date_format(departure.on, "j M Y"))

    @display(description=_("state"), label={"planned": "info", "left": "success", "called_off": "warning"})
    def state_label(self, departure: Leaving) -> tuple[str, str]:
        return departure.state, departure.get_state_display()

    @admin.display(description=_("what happened"))
    def passed_on(self, departure: Leaving) -> str:
        if departure.state == Leaving.State.CALLED_OFF:
            return gettext("Nothing: it was called off.")
        if departure.state == Leaving.State.PLANNED:
            return render_to_string("people/passed_on.html", {"lines": planned.lines(departure), "is_planned": True})
        return render_to_string("people/passed_on.html", {"lines": departure.report})

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """What is over cannot be called off; the page behind the plan also passes on what somebody who left has open."""
        row = self.get_object(request, str(object_id))
        if row is None or row.state == Leaving.State.CALLED_OFF:
            useless = {"call_off", "change_plan"}
        else:
            useless = set() if row.state == Leaving.State.PLANNED else {"call_off"}
        return [one for one in super().get_actions_detail(request, object_id) if one.method.__name__ not in useless]

    @action(description=_("Change the plan"), url_path="change-plan", icon="edit_calendar")
    def change_plan(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the page with the last day and the new owners."""
        departure = self.get_object(request, object_id)
        if departure is None:
            messages.error(request, gettext("You may not do this, or it is gone. Nothing was changed."))
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(reverse("admin:people_employee_mark_left", args=[departure.employee_id]))

    @button(_("Call off"), permission=departures.CHANGE, icon="event_busy")
    def call_off(self, request: HttpRequest, obj: Leaving) -> str:
        planned.call_off_as_hr(employee=obj.employee, by=acting(request), only=obj)
        return gettext("Called off: %(name)s stays, and nothing is passed on.") % {"name": obj.employee}

    @button(_("Seen"), permission=departures.CHANGE, icon="done")
    def mark_seen(self, request: HttpRequest, obj: Leaving) -> str:
        departures.mark_seen(departure=obj, by=acting(request))
        return gettext("It is off the home page.")
