"""The pages behind a link. A GET shows, a POST acts: mail scanners and previews use nothing up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.approvals.way import route
from apps.core import clock
from apps.core.errors import RecadoError
from apps.files import queries as files
from apps.files import serving, showing
from apps.files.models import File
from apps.forms import queries as forms
from apps.forms.schema import in_language
from apps.outbox.buttons import token
from apps.people import queries as people
from apps.web import deciding, filling, mine, queries, services
from apps.web.doorway import guarded, shown
from apps.web.models import Link

AFTERWARDS = timedelta(minutes=30)
"""So long after a form was sent in its page leads to "my requests": whoever finds the used link later sees the code only."""


@guarded
def page(request: HttpRequest, link: Link) -> HttpResponseBase:
    refused = queries.obstacle(link)
    if refused:
        return shown(request, "web/sorry.html", {"sentence": refused}, status=403)
    return _PAGES[link.purpose](request, link)


def _language() -> str:
    return get_language() or "en"


def _back(request: HttpRequest, link: Link, note: str = "") -> HttpResponse:
    """To the page itself, by GET, in the language it was read in."""
    chosen = request.GET.get("lang", "")
    query = "&".join(
        part for part in (f"lang={chosen}" if chosen == _language() else "", f"did={note}" if note else "") if part
    )
    answer = HttpResponseRedirect(queries.path(link) + (f"?{query}" if query else ""))
    answer.status_code = 303
    return answer


# --- a form -----------------------------------------------------------------------------------------------------------


def _form(request: HttpRequest, link: Link) -> HttpResponseBase:
    if request.method == "POST":
        try:
            found = filling.send_in(link=link, posted=request.POST, chosen=request.FILES, language=_language())
        except RecadoError as error:
            return shown(request, "web/sorry.html", {"sentence": str(error)}, status=403)
        if found.done:
            return _back(request, link)
        return shown(request, "web/form.html", {"page": found, "title": _title(link)}, status=422)
    found = filling.empty(link, _language())
    if found.done:
        return shown(
            request, "web/done.html", {"link": link, "title": _title(link), "more": _more(link), "when": _when(link)}
        )
    return shown(request, "web/form.html", {"page": found, "title": _title(link)})


def _when(link: Link) -> str:
    """The moment it was sent in, on the person's clock."""
    return people.clock_time(link.button.used_at, link.employee) if link.button.used_at else ""


def _title(link: Link) -> str:
    if link.form_version is None:
        return link.title
    return in_language(forms.schema_of(link.form_version).name, _language()) or link.title


def _more(link: Link) -> str:
    """The address of "my requests", for half an hour after the form was sent in."""
    used = link.button.used_at
    if used is None or used < clock.now() - AFTERWARDS:
        return ""
    made = Link.objects.select_related("button").filter(key=filling.after_key(link)).first()
    return queries.path(made) if made is not None else ""


# --- my requests ------------------------------------------------------------------------------------------------------


def _mine(request: HttpRequest, link: Link) -> HttpResponseBase:
    error = ""
    if request.method == "POST":
        try:
            answer = _act(request, link)
        except RecadoError as refused:
            error = str(refused)
        else:
            if answer is not None:
                return answer
    did = {"withdrawn": _("It is withdrawn; whoever was asked has been told."),
           "comment": _("Your comment was added.")}.get(request.GET.get("did", ""), "")  # fmt: skip
    context = {"rows": mine.rows(link, _language()), "error": error, "did": did, "link": link}
    return shown(request, "web/mine.html", context, status=409 if error else 200)


def _act(request: HttpRequest, link: Link) -> HttpResponseBase | None:
    act = request.POST.get("act", "")
    if act == "withdraw":
        row = mine.own_request(link, request.POST.get("request"))
        if row is None:
            return None
        if request.POST.get("confirmed") != "yes":
            asked = {"row": row, "what": approvals.what(row, _language()), "answers": mine.answers(row, _language())}
            return shown(request, "web/withdraw.html", asked)
        services.withdraw(link=link, request=row)
        return _back(request, link, "withdrawn")
    if act == "comment":
        mine.comment(link=link, ticket=request.POST.get("ticket"), text=request.POST.get("text", ""),
                     key=request.POST.get("key", ""))  # fmt: skip
        return _back(request, link, "comment")
    return None


# --- a decision -------------------------------------------------------------------------------------------------------


def _decide(request: HttpRequest, link: Link) -> HttpResponseBase:
    if request.method != "POST":
        found = deciding.look(link)
    elif request.POST.get("confirmed") == "yes":
        found = deciding.decide(
            link=link, verdict=request.POST.get("verdict", ""), reason=request.POST.get("reason", "")
        )
        if found is not None and found.step == "done":
            return _back(request, link)
    else:
        found = deciding.choose(link, request.POST)
    if found is None:
        return shown(request, "web/sorry.html", {"sentence": _("This request is gone.")}, status=404)
    context: dict[str, Any] = {"page": found, "row": found.request, "what": approvals.what(found.request, _language()),
                               "flow": approvals.flow_name(found.request.flow, _language()),
                               "filed_by": forms.filed_by(found.request.submission)}  # fmt: skip
    if found.step == "look":  # what was answered is for whoever may decide on it now
        attached = showing.attachments(files.files_of(found.request))
        context |= {"answers": forms.answers_for_people(found.request.submission, _language(), reveals=True), "files": attached,
                    "token": token(link.button), "route": route(found.request, link.employee, _language())}  # fmt: skip
    status = 422 if found.error else 409 if found.step == "refused" and request.method == "POST" else 200
    return shown(request, "web/decide.html", context, status=status)


@guarded
def attachment(request: HttpRequest, link: Link, pk: int) -> HttpResponseBase:
    """A file of the request, for whoever may decide on it from this very link."""
    return serving.whole(request, _file(link, pk))


@guarded
def thumbnail(request: HttpRequest, link: Link, pk: int) -> HttpResponseBase:
    """Its small copy."""
    return serving.small(request, _file(link, pk))


def _file(link: Link, pk: int) -> File:
    row = queries.file_to_show(link, pk)
    if row is None:
        raise Http404
    return row


_PAGES: dict[str, Callable[[HttpRequest, Link], HttpResponseBase]] = {
    Link.Purpose.FORM: _form, Link.Purpose.MINE: _mine, Link.Purpose.DECIDE: _decide,
}  # fmt: skip
