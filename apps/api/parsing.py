"""Bodies: JSON only, of a sane size and depth, without characters that no database keeps."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from apps.api.problems import ProblemError, too_large

DEEPEST = 20


class JSONBody(JSONParser):
    """Strict JSON (no NaN), at most `DEEPEST` levels; no NUL, no half characters."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            parsed = super().parse(stream, media_type=media_type, parser_context=parser_context)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deep.")) from error
        _check(parsed)
        return parsed


class ScimBody(JSONBody):
    media_type = "application/scim+json"


def read_whole(request: Request) -> bytes:
    """The raw body. Raises ProblemError (413) before a large one is read into memory."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > settings.API_LARGEST_BODY:
        problem = too_large()
        raise ProblemError(problem.status, problem.code, problem.detail)
    return request._request.body


def _check(parsed: Any) -> None:
    layer, depth = [parsed], 0
    while layer:
        depth += 1
        if depth > DEEPEST:
            raise ParseError(_("The JSON is nested too deep."))
        below: list[Any] = []
        for value in layer:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict):
                for key in value:
                    _check_text(key)
                below += value.values()
            elif isinstance(value, list):
                below += value
        layer = below


def _check_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ParseError(_("The JSON holds a character that cannot be kept (NUL, or half of a pair)."))
