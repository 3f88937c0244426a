"""What HR may do to many employees at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.people import departures, services
from apps.people.bulk.deeds import Deed, Given, register
from apps.people.models import Employee, User


def _left(rows: Sequence[Employee], by: User) -> Mapping[int, str]:
    own = {row.pk: _("Nobody marks themselves as left together with others.") for row in rows if row.user_id == by.pk}
    return {**own, **{row.pk: _("They have left already.") for row in rows if not row.is_active}}


def _mark_left(row: Any, by: User, _given: Given) -> None:
    services.mark_left(employee=row, by=by)


register("people.mark_left", Deed(
    "people.employee", gettext_lazy("Mark as left"), departures.CHANGE, _left, _mark_left, related=("user",),
    consequence=gettext_lazy(
        "They lose WhatsApp and their sign-in at once. What is open of them changes no owner: the home asks you to look at "
        "each departure. To choose the new owners first, open each person and press “Mark as left” there."),
    warning=gettext_lazy("Bringing them back restores neither WhatsApp nor the sign-in: both are set up anew."),
))  # fmt: skip
