"""The door (written next)."""

from django.http import HttpRequest, HttpResponse


def receive(request: HttpRequest, kind: str, hook_key: str) -> HttpResponse:
    return HttpResponse(status=503)
