"""The page between a list and a deed on many of its rows, for every list whose admin class has `BulkDeeds`."""

import hashlib
import json
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from apps.core.errors import InvalidInputError, RecadoError
from apps.people.bulk import deeds, running, services
from apps.people.bulk.models import BulkJob
from apps.people.models import User


class BulkDeeds:
    """Mixin of admin classes: offers the deeds that are declared for the model and that the reader may do."""

    def get_actions(self: Any, request: HttpRequest) -> Any:
        actions = super().get_actions(request)  # type: ignore[misc]
        if "_popup" not in request.GET:
            for name, deed in deeds.offered(self.model, request.user):
                actions[name] = (partial(_act, name=name), name, gettext("%(what)s…") % {"what": deed.title})
        return actions


def _act(screen: Any, request: HttpRequest, rows: QuerySet[Any], *, name: str) -> HttpResponse | None:
    """First what would happen, with counts; a second press does it. What has changed in between is shown again."""
    by = _user(request)
    try:
        found = services.preview(name=name, rows=rows, by=by)
        if request.POST.get("confirmed") != "yes" or request.POST.get("seen") != seen(found):
            if request.POST.get("confirmed") == "yes":
                messages.warning(
                    request, gettext("The rows have changed since you looked. Nothing was done: look again.")
                )
            return _ask(screen, request, name, found)
        try:
            job = services.order(name=name, ids=found.ids, by=by, has_more=found.has_more,
                                 words=request.POST.get("words", ""), seen=found.seen)  # fmt: skip
        except InvalidInputError as error:
            return _ask(screen, request, name, found, wrong=str(error))
    except RecadoError as error:
        messages.error(request, gettext("%(what)s Nothing was changed.") % {"what": error})
        return None
    if len(found.ids) > services.AT_ONCE:
        return HttpResponseRedirect(page_of(job))
    running.work(job.pk)
    job.refresh_from_db()
    _tell(request, job)
    return None


def seen(found: services.Preview) -> str:
    """What the page that asks carries along: the very rows that it showed, how many would change, and as what they were seen."""
    looked = json.dumps(sorted(found.seen.items())) if found.seen else ""
    shown = f"{','.join(map(str, found.ids))}-{found.todo}{looked}"
    return hashlib.sha256(shown.encode()).hexdigest()


def _ask(screen: Any, request: HttpRequest, name: str, found: services.Preview, *, wrong: str = "") -> TemplateResponse:
    deed = deeds.deeds[name]
    across = request.POST.get("select_across") == "1"
    context = {
        **screen.admin_site.each_context(request), "title": f"{deed.title}: {deed.rows_of._meta.verbose_name_plural}", "deed": deed, "found": found, "action": name,
        "chosen": len(found.ids), "left": len(found.ids) - found.todo, "most": services.MOST, "seen": seen(found), "words": request.POST.get("words", ""), "wrong": wrong, "back": request.get_full_path(),
        "is_long": len(found.ids) > services.AT_ONCE, "hidden": max(0, found.todo - len(found.first)),
        "lines": [(deed.label(row), address_of(row)) for row in found.first], "select_across": "1" if across else "0",
        # Django wants at least one row ticked; the filters in the address say which rows are meant.
        "ids": found.ids[:1] if across else found.ids,
    }  # fmt: skip
    return TemplateResponse(request, "people/bulk/ask.html", context)


def _tell(request: HttpRequest, job: BulkJob) -> None:
    """One sentence of what came of a small one, with its page for the rest."""
    if job.state != BulkJob.State.DONE:
        messages.error(request, job.error or gettext("It goes on in the background."))
        return
    done, skipped = job.counts.get("done", 0), job.counts.get("skipped", 0)
    said = ngettext("Done: %(count)s row.", "Done: %(count)s rows.", done) % {"count": done}
    if not skipped:
        messages.success(request, said)
        return
    why = "; ".join(f"{count} × {reason}" for reason, count in services.reasons(job)[:3])
    rest = ngettext("%(count)s was left as it was", "%(count)s were left as they were", skipped) % {"count": skipped}
    link = format_html('<a href="{}">{}</a>', page_of(job), gettext("See each row"))
    messages.success(request, format_html("{} {} ({}). {}", said, rest, why, link))


def page_of(job: BulkJob) -> str:
    return reverse("admin:people_bulkjob_change", args=[job.pk])


def address_of(row: Model) -> str:
    """The row's own page; empty where there is none."""
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
