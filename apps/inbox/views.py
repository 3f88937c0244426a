"""The door for those who come through Django: tests, and what `door.Door` leaves to it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.inbox import door


@csrf_exempt
def receive(request: HttpRequest, kind: str, hook_key: str) -> HttpResponse:
    """See `door.answer`."""
    said = door.answer(request.environ, kind=kind, hook_key=hook_key)  # type: ignore[attr-defined]
    return HttpResponse(said.text, status=said.status, headers=dict(said.headers))
