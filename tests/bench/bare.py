"""What the door is measured against, behind the same web server: a bare Django view, and a handler with one insert.

Neither checks a signature, counts a repeated delivery, limits a body or nudges anybody. Both are given what speaks for them:
no middleware, no health check of the connection, an account that is known.
"""

import os
import sys
import threading
import types
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import django
import psycopg
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "bare_urls"
settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
settings.ALLOWED_HOSTS = ["*"]

from apps.inbox.models import Receipt  # noqa: E402 - needs the apps to be ready

SIGNATURE = "x-hub-signature-256"


@csrf_exempt
def receive(request: HttpRequest, kind: str, hook_key: str) -> HttpResponse:
    """The same row, as Django makes it."""
    Receipt.objects.create(
        account_id=1, key=uuid.uuid4().hex, body=request.body, headers={SIGNATURE: request.headers.get(SIGNATURE, "")}
    )
    return HttpResponse(status=200, headers={"Content-Length": "0"})


urls: Any = types.ModuleType("bare_urls")
urls.urlpatterns = [path("hooks/<slug:kind>/<str:hook_key>/", receive)]
sys.modules["bare_urls"] = urls
view = WSGIHandler()

INSERT = """
INSERT INTO inbox_receipt (account_id, key, body, query, headers, state, error, times_received, received_at)
VALUES (1, %s, %b, '', %s::jsonb, 'received', '', 1, now())
"""
_own = threading.local()


def lean(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One prepared insert on a connection of the thread's own, and nothing else."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if not hasattr(_own, "cursor"):
        url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
        _own.cursor = psycopg.connect(url, autocommit=True, prepare_threshold=0).cursor()
    signature = f'{{"{SIGNATURE}": "{environ.get("HTTP_X_HUB_SIGNATURE_256", "")}"}}'
    _own.cursor.execute(INSERT, (uuid.uuid4().hex, body, signature))
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
