"""Every shape of request that the product makes to Meta, as calls of the real adapter.

A new kind of content or a new method of the adapter without a shape here fails `test_shapes.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.providers.base import Credentials
from apps.providers.meta_cloud.provider import MetaCloud
from apps.providers.types import (
    Buttons,
    Choices,
    ContactCard,
    ContactCards,
    Content,
    ListRow,
    LocationMessage,
    LocationRequest,
    MediaMessage,
    OutgoingMessage,
    ReactionMessage,
    ReplyButton,
    Template,
    TemplateDraft,
    Text,
)

# Ids as Meta writes them: digits, since its description wants a numeric string in some paths.
NUMBER, WABA, MEDIA, TEMPLATE = "106540352242922", "102290129340398", "1037543291543636", "564750795574598"
PHONE, USER_ID = "+5511988887777", "BR.13491208655302741918"
QUOTED = "wamid.HBgLNTUxMTk4ODg4Nzc3NxUCABEYEjdGRkY0"
LONGEST_TEXT = "á" * 4096


@dataclass(frozen=True)
class Shape:
    """One call of the adapter; `method` is the adapter's method that it exercises."""

    name: str
    method: str
    call: Callable[[MetaCloud], Any]


def adapter(base_url: str, token: str = "drive-token", number: str = NUMBER, waba: str = WABA) -> MetaCloud:
    """The product's own adapter against `base_url` (with its version, like https://graph.facebook.com/v23.0)."""
    return MetaCloud(Credentials(base_url.rstrip("/"), waba, token, ("drive-secret",), "drive-verify"))


def contents() -> Iterator[tuple[str, Content]]:
    """Every kind of content, each at its smallest and at its largest."""
    yield "text", Text("Hello")
    yield "longest text", Text(LONGEST_TEXT)
    yield "one button", Buttons("Done?", (ReplyButton("b1.a", "Done"),))
    three = tuple(ReplyButton(f"b1.{n}" + "x" * 196, f"Button {n}") for n in range(3))
    yield "three buttons", Buttons("b" * 1024, three)
    yield "short list", Choices("Menu", "Choose", (ListRow("m.1", "Report"),))
    rows = tuple(ListRow(f"m.{n}" + "x" * 197, f"Row {n}" + "x" * 19, "d" * 72) for n in range(10))
    yield "longest list", Choices("b" * 1024, "c" * 20, rows)
    yield "location request", LocationRequest("Where are you?")
    yield "template without variables", Template("hello", "en")
    yield "template with all", Template("ask", "pt_BR", {"name": "Ana", "sum": "R$ 780"}, ("v1.yes", "", "v1.no"))
    for kind in ("image", "video", "document", "audio"):
        yield kind, MediaMessage(kind, 1, remote_id=MEDIA)
        yield f"{kind} with caption", MediaMessage(kind, 1, "A caption", "name.bin", MEDIA)
    yield "sticker", MediaMessage("sticker", 1, remote_id=MEDIA)
    yield "place", LocationMessage(-23.561414, -46.655881)
    yield "place with words", LocationMessage(-23.561414, -46.655881, "Warehouse", "Av. Paulista, 1578")
    yield "card", ContactCards((ContactCard("Ana", (PHONE,)),))
    card = ContactCard("Bruno de Souza Lima", (PHONE, "+5511966665555"), company="Acme")
    yield "five cards", ContactCards((card,) * 5)
    yield "reaction", ReactionMessage(QUOTED, "👍")
    yield "reaction taken back", ReactionMessage(QUOTED, "")


def _message(content: Content, number: str, to: str, **values: str) -> OutgoingMessage:
    return OutgoingMessage(
        number_id=number, content=content, **{"to": to, "user_id": "", "opaque": "o1.1z.sig", **values}
    )


def _sender(message: OutgoingMessage) -> Callable[[MetaCloud], Any]:
    return lambda provider: provider.send(message)


def sends(number: str = NUMBER, to: str = PHONE) -> Iterator[Shape]:
    for name, content in contents():
        yield Shape(name, "send", _sender(_message(content, number, to)))
    quoting = _message(Text("An answer"), number, to, quoted_id=QUOTED)
    yield Shape("text that quotes", "send", _sender(quoting))
    by_id = _message(Text("To a person who hides the number"), number, "", user_id=USER_ID)
    yield Shape("text to a user id", "send", _sender(by_id))


def drafts() -> Iterator[tuple[str, TemplateDraft]]:
    yield "plain", TemplateDraft("recado_plain_v1", "en", "UTILITY", "Your ticket was closed.")
    yield "header and footer", TemplateDraft(
        "recado_news_v1", "es", "UTILITY", "Su ticket fue cerrado.", header="Soporte", footer="Recado",
    )  # fmt: skip
    yield "variables and buttons", TemplateDraft(
        "recado_ask_v1", "pt_BR", "UTILITY", "Olá {{name}}, aprova {{sum}} hoje?",
        {"name": "Ana", "sum": "R$ 780"}, ("Aprovar", "Rejeitar"),
    )  # fmt: skip


def management(number: str = NUMBER) -> Iterator[Shape]:
    yield Shape("number's report", "report", lambda provider: provider.report(number))
    yield Shape("list templates", "list_templates", lambda provider: provider.list_templates())
    yield Shape("list templates by page", "template_pages", lambda provider: list(provider.template_pages()))
    yield Shape("one template", "fetch_template", lambda provider: provider.fetch_template(TEMPLATE, "request_asked"))
    yield Shape("read mark", "mark_read", lambda provider: provider.mark_read(number, QUOTED))
    yield Shape(
        "read mark and typing", "mark_read", lambda provider: provider.mark_read(number, QUOTED, is_typing=True)
    )
    # Meta's description knows neither debug_token nor the fields of the account and of one number.
    yield Shape("numbers of the account", "setup", lambda provider: provider.setup().numbers())
    yield Shape("subscribed apps", "setup", lambda provider: provider.setup().subscriptions())
    yield Shape("subscribe", "setup", lambda provider: provider.setup().subscribe("https://recado.example/hooks/", "v"))
    for name, draft in drafts():
        yield Shape(f"create template, {name}", "create_template", _creator(draft))
        yield Shape(f"edit template, {name}", "edit_template", _editor(draft))
    png = b"\x89PNG\r\n\x1a\n" + bytes(64)
    for mime_type, filename in (("image/png", "photo.png"), ("application/pdf", "relatório final.pdf")):
        yield Shape(f"upload {mime_type}", "upload_media", _uploader(number, png, mime_type, filename))
    yield Shape("fetch media", "fetch_media", lambda provider: provider.fetch_media(MEDIA))


def _creator(draft: TemplateDraft) -> Callable[[MetaCloud], Any]:
    return lambda provider: provider.create_template(draft)


def _editor(draft: TemplateDraft) -> Callable[[MetaCloud], Any]:
    return lambda provider: provider.edit_template(TEMPLATE, draft)


def _uploader(number: str, content: bytes, mime_type: str, filename: str) -> Callable[[MetaCloud], Any]:
    return lambda provider: provider.upload_media(number, content, mime_type, filename)


def shapes() -> list[Shape]:
    return [*sends(), *management()]
