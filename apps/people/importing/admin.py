"""The screens of an import: upload, name the columns, look, apply, watch, and the history of all of them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.core.errors import InvalidInputError, RecadoError
from apps.journal import downloads
from apps.journal.capture import ReadOnlyAdmin
from apps.journal.services import record
from apps.people import queries
from apps.people.importing import reading, samples, services, showing
from apps.people.importing.models import ImportJob
from apps.people.models import User

State = ImportJob.State


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    empty_says = _("Bring in everybody from a file of your payroll. You see what would change before anything does.")
    empty_next = (_("Import people from a file"), "admin:people_importjob_upload", "people.add_employee")
    list_display = ("file_name", "state_label", "summary", "by", "created_at")
    list_filter = ("state",)
    list_select_related = ("by",)
    search_fields = ("file_name",)
    list_before_template = "people/import/history.html"
    actions_list = ("import_people",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return queries.visible_imports(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("upload/", view(self.upload), name="people_importjob_upload"),
            path("sample/<str:kind>/", view(self.sample), name="people_importjob_sample"),
            path("<int:pk>/progress/", view(self.progress), name="people_importjob_progress"),
            path("<int:pk>/rejected/", view(self.rejected), name="people_importjob_rejected"),
        ]
        return [*own, *super().get_urls()]

    @display(description=_("state"), label={
        "uploaded": "info", "mapped": "info", "previewed": "warning", "applying": "info", "done": "success",
        "cancelled": "warning", "failed": "danger"})  # fmt: skip
    def state_label(self, job: ImportJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("what came of it"))
    def summary(self, job: ImportJob) -> str:
        if "applied" in job.counts:
            return gettext("%(applied)s applied, %(aside)s not taken") % {
                "applied": job.counts["applied"], "aside": job.counts.get("bad", 0) + job.counts.get("set_aside", 0)}  # fmt: skip
        return gettext("%(rows)s rows, nothing applied") % {"rows": job.rows_total}

    @action(description=_("Import people"), url_path="start", permissions=["import"], icon="upload_file")
    def import_people(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:people_importjob_upload"))

    def has_import_permission(self, request: HttpRequest) -> bool:
        return services.may_import(_user(request))

    # --- upload -------------------------------------------------------------------------------------------------------

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Choose a file. A file that cannot be read leaves nothing behind."""
        if not self.has_import_permission(request):
            raise PermissionDenied(gettext("Importing people needs the right to add and to change employees."))
        error = ""
        if request.method == "POST":
            try:
                job = services.upload(content=downloads.uploaded(request), name=_name(request), by=_user(request))
                return HttpResponseRedirect(_page(job))
            except RecadoError as refused:
                error = gettext("%(what)s Nothing was changed.") % {"what": refused}
        context = {
            **self.admin_site.each_context(request), "title": gettext("Import people"), "opts": self.opts, "error": error,
            "size": reading.LARGEST // 1024**2, "rows": reading.MOST_ROWS,
        }  # fmt: skip
        return TemplateResponse(request, "people/import/upload.html", context, status=400 if error else 200)

    def sample(self, request: HttpRequest, kind: str) -> HttpResponse:
        """A small file to start from, in the reader's language."""
        if kind not in downloads.TYPES:
            raise Http404
        return samples.answer(kind)

    # --- one import ---------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self._seen(request, object_id)
        mapping = list(job.mapping)
        if request.method == "POST":
            mapping = [request.POST.get(f"column-{index}", "") for index in range(len(job.headers))] or mapping
            try:
                self._step(request, job, mapping)
                return HttpResponseRedirect(_page(job))
            except RecadoError as error:
                messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
                job.refresh_from_db()
        is_naming = job.state == State.UPLOADED or (job.state == State.PREVIEWED and "columns" in request.GET)
        piles = showing.piles(job, request.GET.get("kind", ""))
        shown = next((pile.kind for pile in piles if pile.is_shown), "")
        page, lines = showing.page_of_rows(job, shown, request.GET.get("p", "1"))
        context = {
            **self.admin_site.each_context(request), **(extra_context or {}), "opts": self.opts, "job": job,
            "title": str(job), "may_import": self.has_import_permission(request), "is_naming": is_naming,
            "columns": showing.column_choices(job, mapping) if is_naming and not job.emptied_at else [],
            "piles": piles, "shown": shown, "page": page, "lines": lines, "leaving": showing.leaving(job),
            "file_rows": sum(pile.count for pile in piles if pile.kind != "leaver") or job.rows_total,
            "to_apply": showing.to_apply(job), "is_over": job.state in {State.DONE, State.CANCELLED, State.FAILED},
            "rejected": showing.rejected(job).filter(number__gt=0).count(),
            "progress": reverse("admin:people_importjob_progress", args=[job.pk]),
        }  # fmt: skip
        return TemplateResponse(request, "people/import/job.html", context)

    def _step(self, request: HttpRequest, job: ImportJob, mapping: list[str]) -> None:
        user, sent = _user(request), request.POST
        step = sent.get("step", "")
        if step == "columns":
            services.name_columns(job=job, mapping=mapping, by=user, is_clearing="is_clearing" in sent,
                                  creates_missing="creates_missing" in sent)  # fmt: skip
        elif step == "apply":
            services.apply(job=job, by=user, marks_leavers="marks_leavers" in sent,
                           confirmation=sent.get("confirmation", ""))  # fmt: skip
        elif step == "check":
            services.name_columns(job=job, mapping=job.mapping, by=user, is_clearing=job.is_clearing,
                                  creates_missing=job.creates_missing)  # fmt: skip
        elif step == "cancel":
            services.cancel(job=job, by=user)
            messages.success(request, gettext("Cancelled. What was applied before stays; nothing more is."))
        else:
            raise InvalidInputError(gettext("The page is an old one: open the import again."))

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Where it stands, for the page that waits."""
        job = self._seen(request, str(pk))
        return JsonResponse({"state": job.state, "done": job.rows_done, "total": job.rows_total})

    def rejected(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The rows that were not taken, with their reasons. Who takes them is recorded."""
        job = self._seen(request, str(pk))
        with transaction.atomic():
            record("import.rejected_exported", subject=job, by=_user(request))
        answer = StreamingHttpResponse(showing.rejected_as_csv(job), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="rows-to-mend-{job.pk}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer

    def _seen(self, request: HttpRequest, pk: str) -> ImportJob:
        """404 for what is not there and what is somebody else's."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = self.get_queryset(request).filter(pk=pk).first() if pk.isdigit() else None
        if job is None:
            raise Http404
        return job


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _page(job: ImportJob) -> str:
    return reverse("admin:people_importjob_change", args=[job.pk])


def _name(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    return str(file.name or "") if file else ""
