"""Who is not on WhatsApp yet, and the page that invites one or many."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.contacts import policy, queries, services
from apps.contacts.desk.invitations import LEFT_OUT
from apps.contacts.models import Enrolment, Invitation, InvitationBatch
from apps.core.errors import RecadoError
from apps.journal.capture import ReadOnlyAdmin
from apps.journal.labels import labelled
from apps.people.models import User

SHOWN = 20  # people named on the page that asks
STATES = {
    "none": _("not invited"), "invited": _("invited"), "claimed": _("sent a code from another phone"),
    "suspended": _("to be proved again"), "linked": _("connected"),
}  # fmt: skip


class WhatsAppFilter(admin.SimpleListFilter):
    """Without a choice: everybody who is not connected."""

    title = _("on WhatsApp")
    parameter_name = "whatsapp"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("everybody")), *STATES.items()]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.value() in STATES:
            return queryset.filter(whatsapp=self.value())
        return queryset if self.value() == "all" else queryset.exclude(whatsapp="linked")


class InviteForm(forms.Form):
    way = forms.ChoiceField(label=_("How do they get the code?"), choices=InvitationBatch.Way.choices, widget=forms.RadioSelect,
                            initial="paper")  # fmt: skip
    days = forms.IntegerField(label=_("Valid for how many days?"), min_value=1, max_value=policy.LONGEST_DAYS,
                              initial=policy.DAYS)  # fmt: skip
    is_shared = forms.BooleanField(
        label=_("For a shared handset"), required=False,
        help_text=_("A phone that several people use. From it people may report and confirm, but not decide, sign or agree "
                    "to messages."),
    )  # fmt: skip


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    empty_says = _(
        "Employees who are not connected to WhatsApp stand here, to be invited. Either all have joined, or nobody "
        "has been imported yet."
    )
    empty_next = (_("Import people from a file"), "admin:people_importjob_upload", "people.add_employee")
    list_display = ["name", "number", "whatsapp_label", "phone", "email", "language"]
    list_filter = [WhatsAppFilter, "teams", "language"]
    search_fields = ["name", "number", "email", "phone"]
    fields = ["name", "number", "whatsapp_text", "phone", "email", "language"]
    readonly_fields = fields
    actions = ["invite_many"]
    actions_detail = ["invite_one"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return queries.enrolments(request.user).order_by("name", "pk")

    def has_invite_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(services.INVITE))

    @labelled({
        "none": "danger", "invited": "info", "claimed": "warning", "suspended": "warning", "linked": "success"}, description=_("on WhatsApp"))  # fmt: skip
    def whatsapp_label(self, employee: Any) -> tuple[str, str]:
        return employee.whatsapp, str(STATES[employee.whatsapp])

    @display(description=_("on WhatsApp"))
    def whatsapp_text(self, employee: Any) -> str:
        return str(STATES[employee.whatsapp])

    @admin.action(description=_("Invite to WhatsApp…"), permissions=["invite"])
    def invite_many(self, request: HttpRequest, rows: models.QuerySet[Any]) -> Any:
        """The page between the list and the deed, with the count for each way."""
        by: User = request.user  # type: ignore[assignment]
        is_sent = request.POST.get("confirmed") == "yes"
        form = InviteForm(request.POST if is_sent else None)
        try:
            if is_sent and form.is_valid():
                batch = services.invite_many(employees=rows, by=by, **form.cleaned_data)
                messages.success(request, gettext("Being made: this page shows how far it is and what comes next."))
                return HttpResponseRedirect(reverse("admin:contacts_invitationbatch_change", args=[batch.pk]))
            lines = [_counted(way, str(label), rows, by) for way, label in InvitationBatch.Way.choices]
        except RecadoError as error:
            messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
            return None
        across = request.POST.get("select_across") == "1"
        ids = list(rows.values_list("pk", flat=True)[: 1 if across else None])
        return self._page(request, form, {
            "title": gettext("Invite to WhatsApp"), "lines": lines, "action": "invite_many", "ids": ids,
            "select_across": "1" if across else "0", "back": request.get_full_path(),
            "first": rows.order_by("name", "pk")[:SHOWN],
            "warning": gettext("A code that is still open is dead once a new one is made: slips on paper with it are void."),
        })  # fmt: skip

    @action(description=_("Invite to WhatsApp…"), url_path="invite", icon="person_add")
    def invite_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One person, also somebody who is connected and has a new phone."""
        employee = self.get_object(request, object_id)
        if employee is None or not self.has_invite_permission(request):
            messages.error(request, gettext("You may not do this, or it is gone. Nothing was changed."))
            return HttpResponseRedirect(reverse("admin:index"))
        form = InviteForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = services.make_invitation(employee=employee, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except RecadoError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, gettext("Made. Hand the code over; an older one is dead now."))
                return HttpResponseRedirect(reverse("admin:contacts_invitation_change", args=[made.pk]))
        lines = [gettext("%(name)s, HR’s phone: %(phone)s, e-mail: %(email)s") % {
            "name": employee.name, "phone": employee.phone or "–", "email": employee.email or "–"}]  # fmt: skip
        if Invitation.objects.filter(employee=employee.pk, state__in=["open", "claimed"]).exists():
            lines.append(gettext("There is an open code: the new one replaces it."))
        back = reverse("admin:contacts_enrolment_change", args=[employee.pk])
        return self._page(request, form, {"title": gettext("Invite to WhatsApp"), "lines": lines, "back": back})

    def _page(self, request: HttpRequest, form: InviteForm, context: dict[str, Any]) -> TemplateResponse:
        return TemplateResponse(
            request, "contacts/invite.html", {**self.admin_site.each_context(request), "form": form, **context}
        )


def _counted(way: str, label: str, rows: models.QuerySet[Any], by: User) -> str:
    """How many this way would invite, and who is left out."""
    found = services.preview_many(employees=rows, way=way, by=by)
    said = gettext("%(way)s: %(count)s to invite") % {"way": label, "count": len(found.employee_ids)}
    extra = [f"{LEFT_OUT[why]}: {count}" for why, count in found.left_out.items()]
    if found.renewed:
        extra.append(gettext("an open code is replaced: %(count)s") % {"count": found.renewed})
    if found.without_phone:
        extra.append(gettext("without a phone, to be confirmed by you: %(count)s") % {"count": found.without_phone})
    return f"{said} ({', '.join(extra)})" if extra else said
