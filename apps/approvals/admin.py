"""Screens: flows with their stages, and requests with their route. A request changes only by its buttons."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import Q
from django.forms import ModelForm, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.approvals import checks, queries, services
from apps.approvals.machine import REQUEST
from apps.approvals.models import Decision, Flow, Request, Stage, StageRun
from apps.approvals.simulation_screen import TryItOut
from apps.approvals.way import route
from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.core.texts import key_in
from apps.files.showing import attachments
from apps.forms import queries as forms
from apps.forms.translated import ConditionField, TranslatedAdminMixin
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin, acting
from apps.journal.labels import labelled
from apps.journal.scoping import ScopedStackedInline
from apps.journal.searching import coded
from apps.people import queries as people
from apps.people.bulk.screens import BulkDeeds
from apps.people.filters import TodayFilter
from apps.people.models import Employee

PATIENCE = ("remind_hours", "undelivered_hours", "unread_hours", "unanswered_hours")


class StageForm(ModelForm):
    condition = ConditionField(required=False, label=_("Only if"),
                               help_text=_("The stage is needed only then. Leave empty to need it always."))  # fmt: skip

    class Meta:
        model = Stage
        fields = (
            "order",
            "is_beside",
            "name",
            "approver",
            "person",
            "team",
            "job",
            "rule",
            "quorum",
            "condition",
            *PATIENCE,
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        approver = values.get("approver")
        if approver == Stage.Approver.PERSON and not values.get("person"):
            raise ValidationError({"person": gettext("Choose the person who decides.")})
        if approver == Stage.Approver.TEAM_LEAD and not values.get("team"):
            raise ValidationError({"team": gettext("Choose the team whose leads decide.")})
        if approver == Stage.Approver.TEAM and not values.get("team"):
            raise ValidationError({"team": gettext("Choose the team whose members decide.")})
        if approver == Stage.Approver.JOB and not (values.get("job") or "").strip():
            raise ValidationError({"job": gettext("Say which position decides.")})
        if values.get("rule") == Stage.Rule.QUORUM and not values.get("quorum"):
            raise ValidationError({"quorum": gettext("Say how many must agree: at least 1.")})
        return values


class StageInline(TranslatedAdminMixin, ScopedStackedInline):
    model = Stage
    form = StageForm
    translated: ClassVar = {"name": 40}
    extra = 0
    autocomplete_fields = ("person", "team")
    verbose_name_plural = _("Stages, in the order in which they decide")
    fieldsets = (
        (None, {"fields": ("name", ("order", "is_beside"), ("approver", "rule", "quorum"), ("person", "team", "job"), "condition")}),
        (_("When nobody answers"), {"fields": (PATIENCE[:2], PATIENCE[2:]), "classes": ("collapse",)}),
    )  # fmt: skip


@admin.register(Flow)
class FlowAdmin(TryItOut, TranslatedAdminMixin, RecordedModelAdmin):
    """Editing changes only what is requested later: every request keeps the route it started with."""

    empty_says = _(
        "A flow is something that people can ask for, such as an expense: its form, and who decides, one after another."
    )
    translated: ClassVar = {"name": 24}
    list_display = ("title", "key", "form", "stage_count", "is_active", "is_ready")
    list_select_related = ("form",)
    search_fields = ("key", "name")
    inlines = (StageInline,)
    actions_detail = ("try_it_out",)
    fields = ("name", "key", "form", "amount_field", "summary_field", "page_above", "expires_days", "is_active")

    class Media:
        css: ClassVar = {"all": ["forms/desk.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Flow]:
        return super().get_queryset(request).annotate(stages_made=models.Count("stages"))

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for sentence in checks.problems(form.instance):
            messages.warning(request, sentence)

    @display(description=_("flow"), ordering="key")
    def title(self, flow: Flow) -> str:
        return queries.flow_name(flow, get_language() or "en")

    @display(description=_("stages"))
    def stage_count(self, flow: Any) -> int:
        return int(flow.stages_made)

    @display(description=_("every request can be decided"), boolean=True)
    def is_ready(self, flow: Flow) -> bool:
        return not checks.problems(flow)


class WaitsFilter(admin.SimpleListFilter):
    title = _("who must act")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("me", _("Waits for me")), ("mine", _("Asked by me"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Request]) -> models.QuerySet[Request]:
        own = people.employee_of(request.user)
        if self.value() == "me":
            return queryset.filter(pk__in=queries.waiting_for(own).values("pk")) if own else queryset.none()
        if self.value() == "mine":
            return queryset.filter(requester=own) if own else queryset.none()
        return queryset


class DecidedFilter(TodayFilter):
    words = _("decided today")

    def rows_of(self, rows: models.QuerySet[Request], reader: Employee | None) -> models.QuerySet[Request]:
        return queries.decided_today(rows, reader)


Act = Callable[[HttpRequest, Request, Employee | None], str]
_COLOURS = {
    "open": "info",
    "approved": "success",
    "rejected": "danger",
    "withdrawn": "warning",
    "stuck": "danger",
    "expired": "warning",
}


@admin.register(Request)
class RequestAdmin(BulkDeeds, ReadOnlyAdmin):
    empty_says = _(
        "What people ask for on WhatsApp comes here, with who has to decide. Nothing has been asked for yet."
    )
    empty_next = (_("See what can be asked for"), "admin:approvals_flow_changelist", "approvals.view_flow")
    list_display = ("code", "summary", "sum", "requester", "flow", "shown_state", "waits_for", "age")
    list_filter = (WaitsFilter, "state", DecidedFilter, "flow")
    list_select_related = ("requester", "flow")
    search_fields = ("summary", "requester__name")
    fields = ("flow", "requester", "filed_by", "state", "created_at", "expires_at", "decided_at")
    change_form_outer_before_template = "approvals/request.html"

    class Media:
        css: ClassVar = {"all": ["files/attachments.css", "approvals/request.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Request]:
        runs = StageRun.objects.filter(state=StageRun.State.OPEN).prefetch_related("seats__employee")
        seats = models.Prefetch("stage_runs", runs, to_attr="open_runs")
        return queries.visible_to(request.user).order_by("-id").prefetch_related(seats)

    def get_fields(self, request: HttpRequest, obj: Request | None = None) -> Any:
        """Most people file for themselves, and most requests never expire: only what there is to say is said."""
        empty = {"filed_by", "expires_at"} if obj is None else {
            name for name in ("filed_by", "expires_at") if getattr(obj, name) is None}  # fmt: skip
        return [name for name in super().get_fields(request, obj) if name not in empty]

    def search_exactly(self, text: str) -> Q | None:
        """People type the code: R-12."""
        number = coded("R", text)
        return None if number is None else Q(pk=number)

    @display(description=_("code"), ordering="id")
    def code(self, row: Request) -> str:
        return row.code

    @display(description=_("amount"), ordering="amount")
    def sum(self, row: Request) -> str:
        return queries.money(row, get_language() or "en")

    @labelled(_COLOURS, description=_("state"), ordering="state")
    def shown_state(self, row: Request) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("waits for"))
    def waits_for(self, row: Any) -> str:
        if row.state != Request.State.OPEN:
            return ""
        return ", ".join(seat.employee.name for run in row.open_runs for seat in run.seats.all() if seat.is_open)

    @display(description=_("age"), ordering="created_at")
    def age(self, row: Request) -> str:
        return timesince(row.created_at, clock.now(), depth=1)

    # --- the page ---

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
        row = self.get_object(request, object_id)
        context = self._page(request, row) if row is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def _page(self, request: HttpRequest, row: Request) -> dict[str, Any]:
        own, language = people.employee_of(request.user), get_language() or "en"
        may_decide = request.user.has_perm(queries.DECIDE)
        seat = queries.open_seat(row, own) if may_decide else None
        moves = REQUEST.allowed(row.state)
        reveals = queries.reveals(request.user, row)
        return {
            "title": f"{row.code} · {row.summary}",
            "row": row,
            "filed_by": forms.filed_by(row.submission),
            "what": queries.what(row, language),
            "flow": queries.flow_name(row.flow, language),
            "standing": queries.standing(row, own),
            "answers": forms.answers_for_people(row.submission, language, reveals=reveals),
            "files": attachments(forms.files_of(row.submission, reveals=reveals)),
            "route": route(row, own, language),
            "seat": seat,
            "may_withdraw": own is not None and own.pk == row.requester_id and "withdraw" in moves,
            "may_try_again": "try_again" in moves and request.user.has_perm("approvals.change_flow"),
        }

    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, Act] = {"approve": _approve, "reject": _reject, "withdraw": _withdraw, "try-again": _try_again}
        own = [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(self._view_of(act)),
                 name=f"approvals_request_{name.replace('-', '_')}")
            for name, act in acts.items()
        ]  # fmt: skip
        return own + super().get_urls()

    def _view_of(self, act: Act) -> Callable[..., HttpResponse]:
        """A POST from the request's page. A link, a preview or a prefetch decides nothing."""

        def view(request: HttpRequest, object_id: int) -> HttpResponse:
            back = HttpResponseRedirect(reverse("admin:approvals_request_change", args=[object_id]))
            row = self.get_object(request, str(object_id))
            if request.method != "POST" or row is None:
                return back
            try:
                with transaction.atomic():
                    messages.success(request, act(request, row, people.employee_of(request.user)))
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
            return back

        return view


def _decide(request: HttpRequest, row: Request, own: Employee | None, verdict: str) -> None:
    """The page names the stage and the version that the person was looking at."""
    if own is None or not request.user.has_perm(queries.DECIDE):
        raise NotPermittedError(gettext("Your sign-in may not decide on requests."))
    run = row.stage_runs.filter(pk=_number(request.POST.get("stage_run"))).first()
    if run is None:
        raise NotPermittedError(gettext("This was not asked of you."))
    services.decide(
        stage_run=run, by=own, verdict=verdict, reason=request.POST.get("reason", ""), via="admin",
        version_seen=_number(request.POST.get("version")), proof=f"user:{request.user.pk}",
    )  # fmt: skip


def _approve(request: HttpRequest, row: Request, own: Employee | None) -> str:
    _decide(request, row, own, Decision.Verdict.APPROVE)
    return gettext("You approved %(request)s. %(name)s has been told.") % {"request": row.code, "name": row.requester}


def _reject(request: HttpRequest, row: Request, own: Employee | None) -> str:
    _decide(request, row, own, Decision.Verdict.REJECT)
    return gettext("You rejected %(request)s. %(name)s has been told why.") % {
        "request": row.code,
        "name": row.requester,
    }


def _withdraw(request: HttpRequest, row: Request, own: Employee | None) -> str:
    if own is None:
        raise NotPermittedError(gettext("Only %(name)s can withdraw this request.") % {"name": row.requester})
    services.withdraw(request=row, by=own)
    return gettext("%(request)s is withdrawn.") % {"request": row.code}


def _try_again(request: HttpRequest, row: Request, own: Employee | None) -> str:
    if not request.user.has_perm("approvals.change_flow"):
        raise NotPermittedError(gettext("Only people who manage flows can do this."))
    again = services.try_again(request=row, by=acting(request))
    if again.state == Request.State.STUCK:
        raise NotPermittedError(gettext("Still nobody can decide: set a manager, a lead or a deputy first."))
    return queries.standing(again)


def _number(text: Any) -> int:
    return key_in(text)
