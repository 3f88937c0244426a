"""Somebody who opens a link in a browser without JavaScript: an own client without a sign-in, and a page read as text."""

import html
import re
from typing import Any

from django.test import Client

from apps.files.models import File
from apps.outbox import buttons
from apps.web.models import Link
from tests.files.test_doubts import picture

PNG = picture("PNG")


def path(link: Link) -> str:
    return f"/f/{buttons.token(link.button)}/"


class Visitor:
    """`see` opens the page, `send` posts what a browser would: the hidden fields of the page and what is typed."""

    def __init__(self, link: Link) -> None:
        self.link, self.client = link, Client()
        self.answer: Any = None

    def see(self, query: str = "") -> str:
        self.answer = self.client.get(path(self.link) + query)
        return self.text

    def send(self, query: str = "", **values: Any) -> str:
        """Field values by key: `amount="10"`; `then` follows the redirect to what is shown afterwards."""
        self.answer = self.client.post(path(self.link) + query, values, follow=True)
        return self.text

    def fill(self, shown: tuple[str, ...] = ("what", "amount", "receipt"), query: str = "", **values: Any) -> str:
        named = {name if name.startswith("drop-") else f"f-{name}": value for name, value in values.items()}
        return self.send(query, shown=list(shown), **named)

    @property
    def text(self) -> str:
        return html.unescape(self.answer.content.decode())

    @property
    def code(self) -> int:
        return int(self.answer.status_code)


def kept(link: Link) -> list[str]:
    link.refresh_from_db()
    ids = [pk for pks in link.kept.values() for pk in pks]
    return [file.name for file in File.objects.filter(pk__in=ids).order_by("pk")]


def tokens_in(text: str) -> list[str]:
    return re.findall(r"w1\.[0-9a-z]+\.[0-9a-f]{32}\.[0-9a-f]{22}", text)
