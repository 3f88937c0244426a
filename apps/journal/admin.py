"""The auditor's screens: read, filter, export, verify. Nobody writes here."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.core import clock
from apps.core.errors import RecadoError
from apps.journal import export, reactor, sealer, verify
from apps.journal.capture import ReadOnlyAdmin, acting, button
from apps.journal.models import Cursor, Entry, SetAside
from apps.journal.searching import about, whole_number
from apps.journal.services import record

VERIFY_ON_SCREEN = 200_000  # entries; a longer chain is verified by `manage.py verify_journal`


class SealedFilter(admin.SimpleListFilter):
    title = _("sealed")
    parameter_name = "sealed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not yet"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return sealer.unsealed(queryset) if self.value() == "no" else queryset


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    empty_says = _(
        "Whatever people and programs do here is written into the journal. Its first line comes with the first deed."
    )
    list_display = ("moment", "name", "subject", "actor_label", "change", "position")
    list_display_links = ("moment", "name")
    list_filter = ("at", "actor_kind", "name", SealedFilter)
    list_filter_submit = True
    list_select_related = ("seal",)
    search_fields = ("=name", "=subject_label", "=correlation_id")
    search_recent = ("name", "subject_label", "actor_label")
    search_help_text = _(
        "A thing (T-104), its number, a name (ticket.resolved), a correlation; parts of them in the newest 100,000."
    )
    fields = ("at", "name", "subject", "actor", "change", "content", "correlation_id", "position", "chain")
    readonly_fields = fields
    actions_list = ("export_csv", "export_json_lines", "verify_chain")

    def search_exactly(self, text: str) -> Q | None:
        return Q(pk=number) | about(text) if (number := whole_number(text)) else None

    @display(description=_("when"), ordering="id")
    def moment(self, entry: Entry) -> str:
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @display(description=_("thing"))
    def subject(self, entry: Entry) -> str:
        return entry.subject_label or "–"

    @display(description=_("who"))
    def actor(self, entry: Entry) -> str:
        return f"{entry.actor_label} ({entry.actor_kind} {entry.actor_id})".replace(" )", ")")

    @display(description=_("change"))
    def change(self, entry: Entry) -> str:
        pieces = []
        for key, value in entry.after.items():
            if key in entry.before:
                pieces.append(f"{key}: {entry.before[key]} → {value}")
            elif value not in (None, "", [], {}):
                pieces.append(f"{key}: {value}")
        return "; ".join(pieces)[:300] or "–"

    @display(description=_("content"))
    def content(self, entry: Entry) -> str:
        body = getattr(entry, "body", None)
        if body is None:
            return "–"
        if body.content is None:
            return gettext("Erased lawfully, see entry %(id)s.") % {"id": body.erased_by_id}
        pretty = json.dumps(json.loads(body.content), ensure_ascii=False, indent=2)
        return format_html('<pre class="recado-pre" tabindex="0">{}</pre>', pretty)

    @display(description=_("position"))
    def position(self, entry: Entry) -> str:
        seal = getattr(entry, "seal", None)
        return str(seal.position) if seal else gettext("in a moment")

    @display(description=_("seal"))
    def chain(self, entry: Entry) -> str:
        seal = getattr(entry, "seal", None)
        return seal.hash if seal else "–"

    def _may_export(self, request: HttpRequest) -> None:
        if not request.user.has_perm("journal.export_entry"):
            raise PermissionDenied(gettext("Exporting the journal needs the auditor's role. Nothing was exported."))

    def _filtered(self, request: HttpRequest) -> Any:
        return self.get_changelist_instance(request).get_queryset(request).order_by()

    def _export(self, request: HttpRequest, kind: str) -> StreamingHttpResponse:
        self._may_export(request)
        entries = self._filtered(request)
        with transaction.atomic():
            record("journal.exported", by=acting(request), after={"format": kind, "filter": request.GET.urlencode(),
                                                               "entries": entries.count()})  # fmt: skip
        is_csv = kind == "csv"
        answer = StreamingHttpResponse(
            export.as_csv(entries) if is_csv else export.as_json_lines(entries),
            content_type="text/csv; charset=utf-8" if is_csv else "application/x-ndjson",
        )
        name = f"journal-{clock.now():%Y%m%d-%H%M%S}.{'csv' if is_csv else 'jsonl'}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @action(description=_("Export what is filtered as CSV"), url_path="export-csv", permissions=["export"])
    def export_csv(self, request: HttpRequest) -> StreamingHttpResponse:
        return self._export(request, "csv")

    @action(description=_("Export as JSON Lines"), url_path="export-json-lines", permissions=["export"])
    def export_json_lines(self, request: HttpRequest) -> StreamingHttpResponse:
        return self._export(request, "jsonl")

    @action(description=_("Verify"), url_path="verify", permissions=["export"])
    def verify_chain(self, request: HttpRequest) -> HttpResponse:
        """Recompute the chain and say in one sentence whether it holds."""
        self._may_export(request)
        back = HttpResponseRedirect(reverse("admin:journal_entry_changelist"))
        if Entry.objects.count() > VERIFY_ON_SCREEN:
            messages.warning(
                request, gettext("The journal is too long to verify on a page: run manage.py verify_journal.")
            )
            return back
        report = verify.verify(anchors=verify.kept_anchors())
        with transaction.atomic():
            record(
                "journal.verified", by=acting(request), after={"entries": report.entries, "faults": len(report.faults)}
            )
        if report.is_sound:
            messages.success(request, gettext(
                "The journal is whole: %(entries)s entries, %(erased)s lawful erasures, %(anchors)s anchors held against "
                "it. Write this anchor down: %(anchor)s") % {
                "entries": report.entries, "erased": report.erased, "anchors": report.anchors,
                "anchor": report.newest or sealer.newest_anchor()})  # fmt: skip
        for fault in report.faults[:10]:
            messages.error(request, fault)
        return back

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("journal.export_entry"))


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    empty_says = _(
        "Programs that follow the journal stand here, with how far each has read. They come by themselves once "
        "the worker runs."
    )
    empty_next = (_("See whether the worker runs"), "admin:health_pulse_changelist", "health.view_pulse")
    list_display = ("reaction", "position", "attempts", "not_before", "error")


@admin.register(SetAside)
class SetAsideAdmin(ReadOnlyAdmin):
    empty_says = _(
        "An entry that a program failed on again and again is set aside here, so that the others go on. None was: "
        "all is well."
    )
    list_display = ("at", "cursor", "entry", "error", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter),)
    list_select_related = ("cursor", "entry")
    actions_detail = ("try_again",)

    @button(_("Try again"), permission="journal.change_setaside")
    def try_again(self, request: HttpRequest, obj: SetAside) -> str:
        if obj.resolved_at:
            raise RecadoError(gettext("The reaction has handled this entry already."))
        return reactor.retry(obj)
