"""What a message shows, in one form for the page and the transcript. Plain Python.

Content: {text, header?, footer?, buttons: [{title, id, kind, url?}], list?: {button, sections}, media?: {id?, link?, kind,
mime_type?, filename?}, location?, contacts?, reaction?: {message_id, emoji}, tapped?: {id, title}, template?: {name,
language}, flow?, asks?: "location"|"contact"}.
"""

from collections.abc import Mapping
from typing import Any

MEDIA_KINDS = ("image", "video", "document", "audio", "sticker")


def from_business(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Content of a checked body of `POST /messages` that is not a template (templating.fill does those)."""
    part = body[kind]
    content: dict[str, Any] = {"text": "", "buttons": []}
    if kind == "text":
        content["text"] = part["body"]
    elif kind in MEDIA_KINDS:
        content["text"] = part.get("caption", "")
        content["media"] = media(kind, part)
    elif kind == "interactive":
        content |= _interactive(part)
    else:
        content[kind] = part
    return content


def media(kind: str, part: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: part[key] for key in ("id", "link", "filename", "mime_type") if part.get(key)}
    return {"kind": kind, **known}


def _interactive(part: Mapping[str, Any]) -> dict[str, Any]:
    action = part["action"]
    shape = part["type"]
    content: dict[str, Any] = {"text": part["body"]["text"], "interactive": shape, "buttons": []}
    if part.get("header"):
        content["header"] = part["header"]
    if part.get("footer"):
        content["footer"] = part["footer"]["text"]
    if shape == "button":
        content["buttons"] = [{**one["reply"], "kind": "reply"} for one in action["buttons"]]
    elif shape == "list":
        content["list"] = {"button": action["button"], "sections": action["sections"]}
    elif shape == "cta_url":
        parameters = action["parameters"]
        content["buttons"] = [{"title": parameters["display_text"], "id": "", "kind": "url", "url": parameters["url"]}]
    elif shape == "flow":
        content["flow"] = action["parameters"]
        content["buttons"] = [{"title": action["parameters"]["flow_cta"], "id": "", "kind": "flow"}]
    else:
        content["asks"] = "location" if shape == "location_request_message" else "contact"
    return content


def rows(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of a list, in order; [] for anything else."""
    return [row for section in content.get("list", {}).get("sections", []) for row in section["rows"]]


def preview(kind: str, content: Mapping[str, Any]) -> str:
    """One line for the list of people."""
    text = str(content.get("text") or content.get("tapped", {}).get("title") or "")
    if text:
        return text.splitlines()[0][:80]
    marks = {
        "image": "📷",
        "video": "🎬",
        "document": "📄",
        "audio": "🎤",
        "sticker": "🙂",
        "location": "📍",
        "contacts": "👤",
    }
    return marks.get(kind, "")
