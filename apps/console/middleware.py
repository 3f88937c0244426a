"""One correlation id per request: what one click changed reads together in the journal. And its counts are fresh."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.console import badges
from apps.journal import services as journal


class CorrelationMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with journal.correlation(f"web:{uuid.uuid4().hex[:16]}"):
            answer = self.get_response(request)
        if request.method == "POST" and request.path.startswith("/admin/"):
            badges.forget(request)
        return answer
