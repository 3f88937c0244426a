"""The one thing that the home itself remembers of somebody."""

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.people import services as people
from apps.people.models import User


@staff_member_required
@require_POST
def close_first_steps(request: HttpRequest) -> HttpResponse:
    """Off this person's home; for good."""
    if isinstance(request.user, User):
        people.close_first_steps(user=request.user)
    return HttpResponseRedirect(reverse("admin:index"))
