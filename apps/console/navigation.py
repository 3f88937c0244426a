"""What stands in the sidebar, by what people do and by what they may see."""

from typing import Any

from django.http import HttpRequest


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    return []
