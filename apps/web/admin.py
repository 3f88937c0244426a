"""Links on the desk: the list, the buttons on an employee's page, making one, and filing on somebody's behalf."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.contacts import printing
from apps.core import clock
from apps.core.errors import InvalidInputError, RecadoError
from apps.journal.capture import ReadOnlyAdmin, acting, button
from apps.journal.labels import labelled
from apps.people.admin import EmployeeAdmin
from apps.people.models import Employee, User
from apps.people.queries import visible_employees
from apps.web import filling, queries, services, telling
from apps.web.models import STATES, Link

JUST_MADE = "web_link_just_made"
"""In the session: the link whose address its maker sees once."""
_COLOURS = {"open": "info", "used": "success", "revoked": "danger", "expired": "warning"}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Link]) -> models.QuerySet[Link]:
        unused = models.Q(button__used_at=None)
        late = models.Q(button__expires_at__lte=clock.now())
        wanted = {
            "used": ~unused, "revoked": unused & ~models.Q(revoked_at=None), "expired": unused & models.Q(revoked_at=None) & late,
            "open": unused & models.Q(revoked_at=None) & ~late,
        }  # fmt: skip
        return queryset.filter(wanted[self.value() or ""]) if self.value() in wanted else queryset


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    """The address itself is shown once, to whoever made it; a link to decide is shown to nobody but its person."""

    empty_says = _(
        "A web link opens a form, or somebody’s own requests, without WhatsApp. Make one on an employee’s page."
    )
    empty_next = (_("Go to the employees"), "admin:people_employee_changelist", "people.view_employee")
    list_display = ["employee", "purpose", "title", "state_label", "why", "mail_label", "until", "created_at"]
    list_filter = [StateFilter, "purpose", "why", "mail_state"]
    list_select_related = ["employee", "button"]
    search_fields = ["employee__name", "employee__number", "title", "result_code"]
    search_help_text = _("A name, an employee number, a form or a short code.")
    fields = ["employee", "purpose", "title", "state_text", "why", "until", "used", "result_code", "mail_label", "mail_error",
              "made_by", "created_at"]  # fmt: skip
    readonly_fields = fields
    actions_detail = ["send_by_mail", "revoke"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Link]:
        return queries.visible_to(request.user).select_related("employee", "button", "made_by", "form_version__form")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("new/<int:employee_id>/", wrap(self.make_page), name="web_link_make"),
            path("behalf/<int:employee_id>/", wrap(self.behalf_page), name="web_link_behalf"),
            path("<int:link_id>/address/", wrap(self.address_page), name="web_link_address"),
            path("<int:link_id>/fill/", wrap(self.fill_page), name="web_link_fill"),
            *super().get_urls(),
        ]

    @labelled(_COLOURS, description=_("state"))
    def state_label(self, link: Link) -> tuple[str, str]:
        return link.state, str(STATES[link.state])

    @display(description=_("state"))
    def state_text(self, link: Link) -> str:
        return str(STATES[link.state])

    @display(description=_("e-mail"))
    def mail_label(self, link: Link) -> str:
        return str(Link.Mail(link.mail_state).label) if link.mail_state else "–"

    @display(description=_("good until"), ordering="button__expires_at")
    def until(self, link: Link) -> Any:
        return link.button.expires_at

    @display(description=_("used at"))
    def used(self, link: Link) -> Any:
        return link.button.used_at

    @button(_("Revoke"), permission=services.MAKE, icon="block")
    def revoke(self, request: HttpRequest, obj: Link) -> str:
        services.revoke_link(link=obj, by=acting(request))
        return gettext("Revoked. The address opens nothing any more.")

    @button(_("Send by e-mail"), permission=services.MAKE, icon="mail")
    def send_by_mail(self, request: HttpRequest, obj: Link) -> str:
        services.mail_link(link=obj, by=acting(request))
        return gettext("The e-mail leaves in a moment. This page says when the mail server has taken it.")

    # --- pages of their own ---

    def make_page(self, request: HttpRequest, employee_id: int) -> HttpResponse:
        """Choose what a link is for. A link to decide leaves by e-mail at once, and is shown to nobody."""
        employee = _employee(request, employee_id, services.MAKE)
        if employee is None:
            return _away(request)
        waiting = queries.decisions_waiting_for(employee, user=request.user)
        if request.method == "POST":
            try:
                return self._make(request, employee, request.POST.get("what", ""), waiting)
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was made.") % {"what": error})
        return self._page(request, "web/desk_make.html", {
            "title": gettext("Web link for %(name)s") % {"name": employee}, "employee": employee,
            "forms": queries.offers(get_language() or "en"), "waiting": waiting, "can_mail": queries.can_mail(employee),
            "back": reverse("admin:people_employee_change", args=[employee.pk]),
        })  # fmt: skip

    def _make(self, request: HttpRequest, employee: Employee, what: str, waiting: Any) -> HttpResponse:
        by = acting(request)
        purpose, _dash, choice = what.partition("-")
        if purpose == "decide":
            wanted = next((row for row in waiting if str(row.pk) == choice), None)
            if wanted is None:
                raise InvalidInputError(gettext("That does not wait for this person any more."))
            link = services.send_decision_by_mail(employee=employee, request=wanted, by=by)
            messages.success(
                request, gettext("Made, and on its way by e-mail: only the person it is for may see its address.")
            )
            return HttpResponseRedirect(reverse("admin:web_link_change", args=[link.pk]))
        if purpose == "mine":
            link = services.make_list_link(employee=employee, by=by)
        else:
            link = services.make_form_link(employee=employee, choice=choice if purpose == "form" else "", by=by)
        request.session[JUST_MADE] = link.pk
        return HttpResponseRedirect(reverse("admin:web_link_address", args=[link.pk]))

    def address_page(self, request: HttpRequest, link_id: int) -> HttpResponse:
        """The address and its QR code, once, to whoever has just made it."""
        link = self.get_object(request, str(link_id))
        is_mine = request.session.pop(JUST_MADE, None) == link_id
        if (
            link is None
            or not is_mine
            or link.purpose == Link.Purpose.DECIDE
            or not request.user.has_perm(services.MAKE)
        ):
            messages.info(
                request, gettext("An address is shown once, when it is made. Make another link when this one is lost.")
            )
            return HttpResponseRedirect(reverse("admin:web_link_changelist"))
        address = queries.address(link)
        answer = self._page(request, "web/desk_address.html", {
            "title": gettext("Web link for %(name)s") % {"name": link.employee}, "link": link, "address": address,
            "qr": printing.qr(address), "can_mail": queries.can_mail(link.employee),
            "back": reverse("admin:people_employee_change", args=[link.employee_id]),
        })  # fmt: skip
        answer["Cache-Control"] = "no-store"
        answer["Referrer-Policy"] = "no-referrer"
        return answer

    def behalf_page(self, request: HttpRequest, employee_id: int) -> HttpResponse:
        """Choose the form to fill in for somebody who stands at the desk."""
        employee = _employee(request, employee_id, services.FILE)
        if employee is None:
            return _away(request)
        if request.method == "POST":
            try:
                link = services.make_form_link(employee=employee, choice=request.POST.get("what", ""), by=acting(request),
                                               why=Link.Why.BEHALF)  # fmt: skip
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was made.") % {"what": error})
            else:
                return HttpResponseRedirect(reverse("admin:web_link_fill", args=[link.pk]))
        return self._page(request, "web/desk_behalf.html", {
            "title": gettext("File for %(name)s") % {"name": employee}, "employee": employee,
            "forms": queries.offers(get_language() or "en"),
            "back": reverse("admin:people_employee_change", args=[employee.pk]),
        })  # fmt: skip

    def fill_page(self, request: HttpRequest, link_id: int) -> HttpResponse:
        """The form itself, in the desk's look; what is sent in counts as the employee's, filed by this sign-in."""
        link = self.get_object(request, str(link_id))
        if not isinstance(request.user, User) or link is None or link.made_by_id != request.user.pk:
            return _away(request)
        if link.why != Link.Why.BEHALF:  # the person's own page: not to be read here, nor sent in
            return _away(request)
        back = reverse("admin:people_employee_change", args=[link.employee_id])
        language = get_language() or "en"
        if request.method == "POST":
            try:
                found = filling.send_in(link=link, posted=request.POST, chosen=request.FILES, language=language,
                                        filed_by=request.user)  # fmt: skip
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was filed.") % {"what": error})
                return HttpResponseRedirect(back)
        else:
            found = filling.empty(link, language)
        if found.done:
            return self._filed(request, link)
        return self._page(request, "web/desk_fill.html", {
            "title": gettext("%(form)s for %(name)s") % {"form": link.title, "name": link.employee}, "page": found, "back": back,
        }, status=422 if found.wrong or found.problem else 200)  # fmt: skip

    def _filed(self, request: HttpRequest, link: Link) -> HttpResponse:
        link.refresh_from_db()
        words = {"code": link.result_code, "name": link.employee}
        told, why = telling.how_filed(link)
        if told is telling.Told.SENT:
            messages.success(request, gettext("Filed as %(code)s for %(name)s, who is told.") % words)
        elif told is telling.Told.WAITS:
            messages.warning(request, gettext("Filed as %(code)s for %(name)s. The message to them waits. %(why)s") % {
                **words, "why": why})  # fmt: skip
        else:
            messages.warning(request, gettext("Filed as %(code)s for %(name)s. Neither WhatsApp nor an e-mail reaches them: "
                                              "tell them the code yourself.") % words)  # fmt: skip
        return HttpResponseRedirect(reverse("admin:web_link_change", args=[link.pk]))

    def _page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> TemplateResponse:
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **context}, status=status)


def _employee(request: HttpRequest, employee_id: int, permission: str) -> Employee | None:
    if not request.user.has_perm(permission):
        return None
    return visible_employees(request.user).filter(pk=employee_id).first()


def _away(request: HttpRequest) -> HttpResponse:
    messages.error(request, gettext("You may not do this, or it is gone. Nothing was changed."))
    return HttpResponseRedirect(reverse("admin:index"))


# --- the buttons of an employee's page --------------------------------------------------------------------------------


@action(description=_("Web link…"), url_path="web-link", icon="link")
def web_link(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:web_link_make", args=[object_id]))


@action(description=_("File for them…"), url_path="file-for", icon="assignment_ind")
def file_for(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:web_link_behalf", args=[object_id]))


for one in (web_link, file_for):
    setattr(EmployeeAdmin, one.__name__, one)
EmployeeAdmin.actions_detail = [*EmployeeAdmin.actions_detail, "web_link", "file_for"]
