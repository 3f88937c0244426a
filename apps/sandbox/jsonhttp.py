"""JSON in and out for the control API: {error, hint} for whatever is wrong."""

import functools
import json
import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from apps.sandbox.speaking import UnsendableError

log = logging.getLogger(__name__)


class ApiError(Exception):
    """Something the caller can mend: `hint` says how."""

    def __init__(self, error: str, hint: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.hint, self.status = error, hint, status


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object; {} for an empty body."""
    if not request.body:
        return {}
    try:
        value = json.loads(request.body)
    except ValueError:
        raise ApiError("The body is not JSON.", "Send a JSON object with Content-Type: application/json.") from None
    if not isinstance(value, dict):
        raise ApiError("The body is not a JSON object.", "Send {...}.")
    return value


def api(*methods: str) -> Callable[[Callable[..., Any]], Callable[..., HttpResponseBase]]:
    """A view of the control API: returns something JSON can carry, or raises ApiError."""

    def wrap(view: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise ApiError(f"{request.method} is not for this address.", f"Use {' or '.join(methods)}.", 405)
                if request.method != "GET" and _is_foreign(request):
                    raise ApiError("This request comes from another site.", "Use the page of the sandbox itself.", 403)
                result = view(request, *args, **kwargs)
            except ApiError as problem:
                return JsonResponse({"error": problem.error, "hint": problem.hint}, status=problem.status)
            except (UnsendableError, ValueError) as error:
                return JsonResponse({"error": str(error), "hint": "Change the request and send it again."}, status=400)
            except KeyError as error:
                return JsonResponse({"error": f"{error} is missing.", "hint": "Add it to the body."}, status=400)
            except (TypeError, AttributeError):
                log.warning("A request in a shape nobody expected: %s", request.path, exc_info=True)
                hint = "Compare the body with the address's description."
                return JsonResponse({"error": "The body has another shape than expected.", "hint": hint}, status=400)
            return result if isinstance(result, HttpResponseBase) else JsonResponse(result, safe=False)

        return inner

    return wrap


def _is_foreign(request: HttpRequest) -> bool:
    # Any site open in the same browser could post to a loopback port; browsers tell on themselves with this header.
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
