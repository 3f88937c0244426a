"""Saving the view of a list, opening it again, renaming and deleting it: what the links and buttons above a list do."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.console import queries, services, viewing
from apps.console.addresses import list_of, screen_of
from apps.console.models import SavedView
from apps.core.errors import RecadoError
from apps.journal.capture import acting
from apps.people.models import User


@staff_member_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The list with exactly this query. What the list no longer knows is left out, and said."""
    view = _view(request, pk)
    screen = _screen(request, view.model)
    kept, dropped = viewing.known_parts(request, screen, viewing.parts_of(view.query))
    if dropped:
        messages.warning(
            request,
            ngettext(
                "“%(view)s” used a filter that this list no longer has: %(filters)s. It was left out, so more rows may show.",
                "“%(view)s” used filters that this list no longer has: %(filters)s. They were left out, so more rows may show.",
                len(dropped),
            ) % {"view": view.name, "filters": ", ".join(dropped)},
        )  # fmt: skip
    return HttpResponseRedirect(list_of(view.model, viewing.spelled(kept)))


@staff_member_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the query of the list that the form stands above."""
    model = request.POST.get("model", "")
    screen = _screen(request, model)
    query = ""
    try:
        parts = viewing.parts_of(request.POST.get("query", ""))
        query = viewing.spelled(parts)
        kept, dropped = viewing.known_parts(request, screen, parts)
        if dropped:
            query = viewing.spelled(kept)
            messages.error(
                request, _("This list has no filter “%(name)s”. Nothing was saved.") % {"name": dropped[0][:60]}
            )
            return HttpResponseRedirect(list_of(model, query))
        view = services.save_view(
            model=model, query=query, name=request.POST.get("name", ""), is_shared="shared" in request.POST,
            by=_user(request),
        )  # fmt: skip
        messages.success(request, _("Saved as “%(view)s”. It stands above this list.") % {"view": view.name})
    except RecadoError as error:
        messages.error(request, _("%(what)s Nothing was saved.") % {"what": error})
    return HttpResponseRedirect(list_of(model, query))


@staff_member_required
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    view = _view(request, pk)
    try:
        services.rename_view(view=view, name=request.POST.get("name", ""), by=_user(request))
        messages.success(request, _("It is called “%(view)s” now.") % {"view": view.name})
    except RecadoError as error:
        messages.error(request, _("%(what)s Nothing was changed.") % {"what": error})
    return _back(request, view.model)


@staff_member_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = _view(request, pk)
    try:
        services.delete_view(view=view, by=_user(request))
        messages.success(request, _("The view “%(view)s” is gone. No row was touched.") % {"view": view.name})
    except RecadoError as error:
        messages.error(request, _("%(what)s Nothing was changed.") % {"what": error})
    return _back(request, view.model)


def _user(request: HttpRequest) -> User:
    user = acting(request)
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def _view(request: HttpRequest, pk: int) -> SavedView:
    """404 for what does not exist and for what is somebody else's alone: the two must look alike."""
    return get_object_or_404(queries.visible_views(request.user), pk=pk)


def _screen(request: HttpRequest, model: str) -> Any:
    try:
        screen = screen_of(model)
    except LookupError:
        raise Http404 from None
    if not screen.has_view_or_change_permission(request):
        raise Http404
    return screen


def _back(request: HttpRequest, model: str) -> HttpResponse:
    """To the list, as it was shown."""
    try:
        query = viewing.spelled(viewing.parts_of(request.POST.get("query", "")))
    except RecadoError:
        query = ""
    return HttpResponseRedirect(list_of(model, query))
