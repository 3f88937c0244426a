"""Screens: what may be reported, and the tickets. A ticket changes only by the buttons, which call services."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.files import services as files
from apps.files.showing import attachments
from apps.forms import queries as forms
from apps.forms.translated import TranslatedAdminMixin
from apps.incidents import queries, services
from apps.incidents.machine import TICKET
from apps.incidents.models import Category, Note, Ticket
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin
from apps.journal.labels import labelled
from apps.journal.searching import coded
from apps.people import policy
from apps.people import queries as people
from apps.people.filters import TodayFilter
from apps.people.models import Employee


class CategoryForm(ModelForm):
    def clean_parent(self) -> Category | None:
        parent: Category | None = self.cleaned_data["parent"]

        def parent_of(category_id: int) -> int | None:
            return Category.objects.filter(pk=category_id).values_list("parent_id", flat=True).first()

        if parent and self.instance.pk and policy.comes_round(self.instance.pk, parent.pk, parent_of):
            raise ValidationError(gettext("This one lies below the category itself: choose another."))
        return parent


@admin.register(Category)
class CategoryAdmin(TranslatedAdminMixin, RecordedModelAdmin):
    """The tree that the chat offers. A category with others below it only leads to them."""

    empty_says = _(
        "A category is what people choose when they report a problem. It says which team answers, and which "
        "questions are asked."
    )
    form = CategoryForm
    translated: ClassVar = {"name": 24}
    list_display = ("title", "parent", "team", "form", "order", "is_active", "reach")
    list_filter = ("is_active", "team")
    list_select_related = ("parent", "team", "form")
    fields = ("name", "parent", "team", "form", "order", "is_active")

    @display(description=_("category"), ordering="order")
    def title(self, category: Category) -> str:
        return queries.category_name(category, get_language() or "en")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Category]:
        """With `names_seen`: whether the reader may read who is in the team."""
        seen = people.visible_teams(request.user).filter(pk=models.OuterRef("team"))
        return super().get_queryset(request).annotate(names_seen=models.Exists(seen))

    @display(description=_("who is asked"))
    def reach(self, category: Any) -> str:
        members = people.members_of(category.team, clock.now().date())
        if not members:
            return gettext("nobody: put people into the team")
        if not category.names_seen:
            return ngettext("%(count)s person", "%(count)s people", len(members)) % {"count": len(members)}
        return ", ".join(map(str, members[:4]))


class WhoFilter(admin.SimpleListFilter):
    title = _("who must act")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("nobody", _("Nobody took it")), ("mine", _("Mine")), ("open", _("Not resolved"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Ticket]) -> models.QuerySet[Ticket]:
        if self.value() == "nobody":
            return queryset.filter(state=Ticket.State.NEW)
        if self.value() == "mine":
            return queries.unresolved(queryset.filter(assignee=people.employee_of(request.user)))
        if self.value() == "open":
            return queries.unresolved(queryset)
        return queryset


class ResolvedFilter(TodayFilter):
    words = _("resolved today")

    def rows_of(self, rows: models.QuerySet[Ticket], reader: Employee | None) -> models.QuerySet[Ticket]:
        return queries.resolved_today(rows, reader)


def _unreached(request: HttpRequest, ticket: Ticket) -> list[Employee]:
    """Names of colleagues are for who answers this ticket, or may see those people anyway."""
    missing, own = queries.members_without_contact(ticket), people.employee_of(request.user)
    if own is not None and queries.may_answer(own, ticket):
        return missing
    seen = set(
        people.visible_employees(request.user).filter(pk__in=[one.pk for one in missing]).values_list("pk", flat=True)
    )
    return [one for one in missing if one.pk in seen]


Act = Callable[[HttpRequest, Ticket, Employee], str]


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    empty_says = _(
        "Problems that people report on WhatsApp come here, and whoever answers them takes one. Nothing has been "
        "reported to you yet."
    )
    empty_next = (_("See what can be reported"), "admin:incidents_category_changelist", "incidents.view_category")
    list_display = ("code", "summary", "shown_state", "category", "team", "reporter", "assignee", "age")
    list_filter = (WhoFilter, "state", ResolvedFilter, "team", "category")
    list_select_related = ("category", "team", "reporter", "assignee")
    search_fields = ("summary", "reporter__name", "assignee__name")
    fields = ("category", "team", "reporter", "assignee", "state", "created_at", "taken_at", "resolved_at")
    change_form_outer_before_template = "incidents/ticket.html"

    class Media:
        css: ClassVar = {"all": ["files/attachments.css", "incidents/ticket.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Ticket]:
        return queries.visible_to(request.user).order_by("-id")

    def search_exactly(self, text: str) -> Q | None:
        """People type the code: T-104."""
        number = coded("T", text)
        return None if number is None else Q(pk=number)

    @display(description=_("code"), ordering="id")
    def code(self, ticket: Ticket) -> str:
        return ticket.code

    @labelled({"new": "danger", "taken": "info", "resolved": "success"}, description=_("state"), ordering="state")
    def shown_state(self, ticket: Ticket) -> tuple[str, str]:
        return ticket.state, ticket.get_state_display()

    @display(description=_("age"), ordering="created_at")
    def age(self, ticket: Ticket) -> str:
        return timesince(ticket.created_at, clock.now(), depth=1)

    # --- the page ---

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
        ticket = self.get_object(request, object_id)
        context = self._page(request, ticket) if ticket is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def _page(self, request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
        own = people.employee_of(request.user)
        may_answer = queries.reveals(request.user, ticket)
        moves = TICKET.allowed(ticket.state)
        return {
            "title": f"{ticket.code} · {ticket.summary}",
            "ticket": ticket,
            "filed_by": forms.filed_by(ticket.submission),
            "category": queries.category_name(ticket.category, get_language() or "en"),
            "standing": queries.standing(ticket, own),
            "answers": forms.answers_for_people(ticket.submission, get_language() or "en", reveals=may_answer),
            "timeline": timeline(ticket, own, is_internal_read=queries.may_read_internal(request.user, ticket)),
            "files": attachments(forms.files_of(ticket.submission, reveals=may_answer)),
            "may_take": may_answer and "take" in moves,
            "may_resolve": may_answer and "resolve" in moves,
            "may_comment": may_answer or (own is not None and own.pk == ticket.reporter_id),
            "may_note": may_answer,
            "has_no_employee": own is None,
            "unreached": _unreached(request, ticket) if ticket.state != Ticket.State.RESOLVED else [],
        }

    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, Act] = {"take": _take, "resolve": _resolve, "comment": _comment}
        own = [
            path(
                f"<int:object_id>/{name}/",
                self.admin_site.admin_view(self._view_of(act)),
                name=f"incidents_ticket_{name}",
            )
            for name, act in acts.items()
        ]
        return own + super().get_urls()

    def _view_of(self, act: Act) -> Callable[..., HttpResponse]:
        """A POST from the ticket's page. A link, a preview or a prefetch changes nothing."""

        def view(request: HttpRequest, object_id: int) -> HttpResponse:
            back = HttpResponseRedirect(reverse("admin:incidents_ticket_change", args=[object_id]))
            ticket = self.get_object(request, str(object_id))
            if request.method != "POST" or ticket is None:
                return back
            own = people.employee_of(request.user)
            if own is None:
                messages.error(request, gettext("Your sign-in belongs to no employee, so you cannot act on tickets."))
                return back
            try:
                with transaction.atomic():
                    messages.success(request, act(request, ticket, own))
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
            return back

        return view


def _may(request: HttpRequest, ticket: Ticket, own: Employee) -> None:
    if not request.user.has_perm(queries.ANSWER):
        raise NotPermittedError(gettext("You may read this ticket, but not answer it."))


def _take(request: HttpRequest, ticket: Ticket, own: Employee) -> str:
    _may(request, ticket, own)
    services.take(ticket=ticket, by=own)
    return gettext("%(ticket)s is yours. %(name)s has been told.") % {"ticket": ticket.code, "name": ticket.reporter}


def _resolve(request: HttpRequest, ticket: Ticket, own: Employee) -> str:
    _may(request, ticket, own)
    services.resolve(ticket=ticket, by=own, text=request.POST.get("text", ""))
    return gettext("%(ticket)s is resolved. %(name)s has been told.") % {"ticket": ticket.code, "name": ticket.reporter}


def _comment(request: HttpRequest, ticket: Ticket, own: Employee) -> str:
    is_answer = bool(request.user.has_perm(queries.ANSWER)) and queries.may_answer(own, ticket)
    side = Note.Side.RESPONDER if is_answer and own.pk != ticket.reporter_id else Note.Side.REPORTER
    if is_answer and request.POST.get("internal"):
        side = Note.Side.INTERNAL
    added = [
        files.store(content=upload.read(), name=upload.name or "", owner=ticket, retention_class="ticket")
        for upload in request.FILES.getlist("files")
        if not isinstance(upload, list)
    ]
    services.comment(ticket=ticket, by=own, text=request.POST.get("text", ""), side=side, files=added)
    return gettext("Your comment was added.")


def timeline(ticket: Ticket, reader: Employee | None, *, is_internal_read: bool) -> list[dict[str, Any]]:
    """What happened, oldest first: `at` for the reader's clock, `who`, `what`, `text`, `files`, `side`."""
    told: list[dict[str, Any]] = [
        {"moment": ticket.created_at, "who": ticket.reporter.name, "what": gettext("reported it")}
    ]
    if ticket.taken_at and ticket.assignee:
        told.append({"moment": ticket.taken_at, "who": ticket.assignee.name, "what": gettext("took it")})
    told += [
        {
            "moment": note.created_at,
            "who": note.by_label,
            "text": note.text,
            "files": attachments(note.files.all()),
            "side": note.side,
        }
        for note in ticket.notes.prefetch_related("files")
        if is_internal_read or note.side != Note.Side.INTERNAL
    ]
    if ticket.resolved_at:
        told.append({"moment": ticket.resolved_at, "who": str(ticket.assignee or "–"), "what": gettext("resolved it")})
    told.sort(key=lambda step: step["moment"])
    return [{**step, "at": people.clock_time(step["moment"], reader)} for step in told]
