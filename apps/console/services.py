"""What may be done to saved views. The only writers."""

import unicodedata

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.console import queries
from apps.console.models import LONGEST_NAME, LONGEST_QUERY, SavedView
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.searching import cleaned
from apps.journal.services import record
from apps.people.models import User

MOST = 20
"""Views one person may keep of one list."""


@transaction.atomic
def save_view(*, model: str, query: str, name: str, is_shared: bool, by: User) -> SavedView:
    """Keep a list's query, already checked against that list. Raises InvalidInputError and NotPermittedError."""
    if is_shared and not by.has_perm(queries.SHARE):
        raise NotPermittedError(_("You may save views for yourself only."))
    if not query:
        raise InvalidInputError(_("There is nothing to save: search, filter or sort the list first."))
    if len(query) > LONGEST_QUERY:
        raise InvalidInputError(_("This search is too long to be saved. Shorten it."))
    # The owner's row is locked, so that two clicks at once cannot exceed the bound.
    User.objects.select_for_update().get(pk=by.pk)
    if SavedView.objects.filter(owner=by, model=model).count() >= MOST:
        raise InvalidInputError(
            _("You keep %(most)s views of this list already. Delete one, then save this one.") % {"most": MOST}
        )
    view = SavedView(owner=by, model=model, name=_checked(name), query=query, is_shared=is_shared)
    _write(view)
    # What somebody searched for may be a person's name: it goes where it can be erased.
    record("savedview.added", subject=view, by=by, after={"list": model, "is_shared": is_shared},
           body={"name": view.name, "query": query})  # fmt: skip
    return view


@transaction.atomic
def rename_view(*, view: SavedView, name: str, by: User) -> None:
    """Raises InvalidInputError and NotPermittedError."""
    _check_may_manage(view, by)
    before, view.name = view.name, _checked(name)
    if view.name == before:
        return
    _write(view)
    record("savedview.renamed", subject=view, by=by, body={"before": before, "after": view.name})


@transaction.atomic
def delete_view(*, view: SavedView, by: User) -> None:
    """Raises NotPermittedError."""
    _check_may_manage(view, by)
    record("savedview.removed", subject=view, by=by, before={"list": view.model, "is_shared": view.is_shared},
           body={"name": view.name, "query": view.query})  # fmt: skip
    view.delete()


def _check_may_manage(view: SavedView, by: User) -> None:
    if not queries.may_manage(by, view):
        raise NotPermittedError(_("This view belongs to somebody else."))


def _checked(name: str) -> str:
    found = unicodedata.normalize("NFC", cleaned(name))
    if not found:
        raise InvalidInputError(_("Give the view a name."))
    if len(found) > LONGEST_NAME:
        raise InvalidInputError(_("The name is too long: %(most)s characters at most.") % {"most": LONGEST_NAME})
    return found


def _write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise InvalidInputError(
            _("You have a view “%(name)s” of this list already. Choose another name.") % {"name": view.name}
        ) from error
