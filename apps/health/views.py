"""`/livez`: this process runs. `/readyz`: it can do its work. No secrets, no versions: anybody may ask."""

from django.http import HttpRequest, JsonResponse

from apps.health import checks


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503 with the sentence of each that does not."""
    results = {name: check() for name, check in checks.READY.items()}
    is_ready = not any(results.values())
    body = {"status": "ok" if is_ready else "not ready", "checks": {k: v or "ok" for k, v in results.items()}}
    return JsonResponse(body, status=200 if is_ready else 503)
