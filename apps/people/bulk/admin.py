"""The screens of work on many rows: all of it, and one with its progress and what became of each row."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.core.errors import RecadoError
from apps.journal.capture import ReadOnlyAdmin
from apps.people.bulk import deeds, screens, services
from apps.people.bulk.models import BulkJob, BulkRow
from apps.people.models import User

PER_PAGE = 50


@admin.register(BulkJob)
class BulkJobAdmin(ReadOnlyAdmin):
    empty_says = _(
        "What is done to many rows at once is listed here, with what came of each. Tick rows in a list to begin."
    )
    list_display = ("what", "state_label", "summary", "by", "created_at")
    list_filter = ("state",)
    list_select_related = ("by",)
    search_fields = ("deed",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return services.visible_jobs(request.user)

    def get_urls(self) -> list[URLPattern]:
        progress = self.admin_site.admin_view(self.progress)
        return [path("<int:pk>/progress/", progress, name="people_bulkjob_progress"), *super().get_urls()]

    @display(description=_("what"))
    def what(self, job: BulkJob) -> str:
        return title_of(job)

    @display(description=_("state"), label={
        "running": "info", "done": "success", "cancelled": "warning", "failed": "danger"})  # fmt: skip
    def state_label(self, job: BulkJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("what came of it"))
    def summary(self, job: BulkJob) -> str:
        if job.state == BulkJob.State.RUNNING:
            return gettext("%(done)s of %(total)s") % {"done": job.rows_done, "total": job.rows_total}
        return gettext("%(done)s done, %(skipped)s left as they were") % {
            "done": job.counts.get("done", 0), "skipped": job.counts.get("skipped", 0)}  # fmt: skip

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            job = self._seen(request, object_id)
        except Http404:
            if self.has_view_permission(request):
                raise
            raise PermissionDenied from None
        if request.method == "POST":
            try:
                services.cancel(job=job, by=_user(request))
                messages.success(request, gettext("Cancelled. What was done before stays; nothing more is."))
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
            return HttpResponseRedirect(screens.page_of(job))
        piles = _piles(job, request.GET.get("outcome", ""))
        shown = next((pile["outcome"] for pile in piles if pile["is_shown"]), "")
        page = Paginator(job.rows.filter(outcome=shown), PER_PAGE).get_page(request.GET.get("p", "1")[:9])
        context = {
            **self.admin_site.each_context(request), **(extra_context or {}), "opts": self.opts, "job": job,
            "title": title_of(job), "piles": piles, "shown": shown, "page": page, "lines": _lines(job, page, _user(request)),
            "reasons": services.reasons(job), "is_busy": job.state == BulkJob.State.RUNNING, "most": services.MOST,
            "may_cancel": services.may_cancel(job, request.user),
            "progress": reverse("admin:people_bulkjob_progress", args=[job.pk]),
        }  # fmt: skip
        return TemplateResponse(request, "people/bulk/job.html", context)

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Where it stands, for the page that waits."""
        job = self._seen(request, str(pk))
        return JsonResponse({"state": job.state, "done": job.rows_done, "total": job.rows_total})

    def _seen(self, request: HttpRequest, pk: str) -> BulkJob:
        """404 for what is not there and what is somebody else's. Whoever ordered it needs no right to the list."""
        rows = self.get_queryset(request).select_related("by")
        if not self.has_view_permission(request):
            rows = rows.filter(by=_user(request))
        is_key = pk.isascii() and pk.isdigit() and len(pk) < 19
        job = rows.filter(pk=pk).first() if is_key else None
        if job is None:
            raise Http404
        return job


def title_of(job: BulkJob) -> str:
    """What is done, in the reader's language; the name of what the product no longer offers."""
    deed = deeds.deeds.get(job.deed)
    return f"{deed.title}: {deed.rows_of._meta.verbose_name_plural}" if deed else job.deed


def _piles(job: BulkJob, wanted: str) -> list[dict[str, Any]]:
    """The outcomes that there are, as links; the one that was asked for is shown, else what was left as it was."""
    counts = services.counted(job)
    found = [
        {"outcome": str(outcome), "title": outcome.label, "count": counts.get(str(outcome) or "waiting", 0)}
        for outcome in (BulkRow.Outcome.SKIPPED, BulkRow.Outcome.DONE, BulkRow.Outcome.WAITING)
    ]
    piles = [pile for pile in found if pile["count"]]
    shown = wanted if wanted in [pile["outcome"] for pile in piles] else next((pile["outcome"] for pile in piles), "")
    for pile in piles:
        pile["is_shown"] = pile["outcome"] == shown
    return piles


def _lines(job: BulkJob, page: Page, user: User) -> list[dict[str, str]]:
    """The rows of a page: named where they lie, as far as the reader may see them."""
    deed = deeds.deeds.get(job.deed)
    keys = [row.key for row in page.object_list]
    found: dict[int, Any] = {}
    if deed is not None and user.has_perm(f"{deed.rows_of._meta.app_label}.view_{deed.rows_of._meta.model_name}"):
        found = services.rows_of(deed, keys, user).in_bulk()
    lines = []
    for row in page.object_list:
        thing = found.get(row.key)
        url = screens.address_of(thing) if thing is not None else ""
        named = deed.label(thing) if deed is not None and thing is not None else f"#{row.key}"
        lines.append({"label": named, "url": url, "reason": row.reason})
    return lines


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
