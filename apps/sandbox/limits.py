"""The shape and size of a message to send, checked as Meta checks it. Plain Python: no Django, no database.

Numbers come from Meta's messages reference and its interactive-message pages.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.sandbox.graph_errors import GraphError
from apps.sandbox.limits_interactive import check_interactive
from apps.sandbox.shapes import check_keys, check_length, need, need_object, need_text

TEXT_MAX = 4096
CAPTION_MAX = 1024
OPAQUE_MAX = 512
CONTACTS_MAX = 5
PARAMETER_MAX = 32768

ENVELOPE = {
    "messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data",
}  # fmt: skip
MEDIA_KEYS: Mapping[str, set[str]] = {
    "image": {"id", "link", "caption"},
    "video": {"id", "link", "caption"},
    "document": {"id", "link", "caption", "filename"},
    "audio": {"id", "link"},
    "sticker": {"id", "link"},
}
TYPES = {"text", "location", "contacts", "reaction", "interactive", "template", *MEDIA_KEYS}


def check_message(body: Any) -> str:
    """Check a body of `POST /{number}/messages` and return its type; raises GraphError (100, 131008, 131009, 131051)."""
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "Param messaging_product must be one of {WHATSAPP}.")
    kind = body.get("type", "text")
    if kind not in TYPES:
        raise GraphError(131051 if isinstance(kind, str) else 100, f"Message type {kind!r} is not supported.")
    check_keys(body, ENVELOPE | {kind}, "")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131009, "recipient_type: only individual is pretended here.")
    if not (body.get("to") or body.get("recipient")):
        raise GraphError(131008, "Parameter 'to' is required (or 'recipient' with a business-scoped user id).")
    _check_context(body, kind)
    check_length(body.get("biz_opaque_callback_data"), OPAQUE_MAX, "biz_opaque_callback_data")
    if kind not in body:
        raise GraphError(131008, f"Parameter '{kind}' is required for a message of type {kind}.")
    _check_type(kind, body[kind])
    return str(kind)


def _check_context(body: Mapping[str, Any], kind: str) -> None:
    context = body.get("context")
    if context is None:
        return
    if not isinstance(context, dict):
        raise GraphError(100, "Param context must be an object.")
    check_keys(context, {"message_id"}, "context")
    need_text(context, "message_id", "context")
    if kind == "reaction":
        raise GraphError(100, "A reaction cannot carry a context.")


def _check_type(kind: str, part: Any) -> None:
    if kind == "contacts":
        _check_contacts(part)
        return
    if not isinstance(part, dict):
        raise GraphError(100, f"Param {kind} must be an object.")
    if kind == "text":
        check_keys(part, {"body", "preview_url"}, "text")
        need_text(part, "body", "text", TEXT_MAX)
    elif kind in MEDIA_KEYS:
        check_media(part, kind)
    elif kind == "location":
        _check_location(part)
    elif kind == "reaction":
        check_keys(part, {"message_id", "emoji"}, "reaction")
        need_text(part, "message_id", "reaction")
        if not isinstance(part.get("emoji", ""), str):
            raise GraphError(131009, "reaction.emoji must be one emoji, or empty to take it back.")
    elif kind == "interactive":
        check_interactive(part)
    elif kind == "template":
        _check_template(part)


def check_media(part: Mapping[str, Any], kind: str) -> None:
    """A media object: exactly one of id and link, a caption only where WhatsApp shows one."""
    check_keys(part, MEDIA_KEYS[kind], kind)
    if bool(part.get("id")) == bool(part.get("link")):
        raise GraphError(131008, f"{kind} needs exactly one of id and link.")
    check_length(part.get("caption"), CAPTION_MAX, f"{kind}.caption")
    link = part.get("link")
    if link and not str(link).startswith(("http://", "https://")):
        raise GraphError(131009, f"{kind}.link must be an http or https address.")


def _check_location(part: Mapping[str, Any]) -> None:
    check_keys(part, {"latitude", "longitude", "name", "address"}, "location")
    for name, limit in (("latitude", 90.0), ("longitude", 180.0)):
        need(part, name, "location")
        try:
            value = float(part[name])
        except (TypeError, ValueError):
            raise GraphError(131009, f"location.{name} must be a number.") from None
        if not -limit <= value <= limit:
            raise GraphError(131009, f"location.{name} must be between -{limit:g} and {limit:g}.")


def _check_contacts(part: Any) -> None:
    if not isinstance(part, list) or not 1 <= len(part) <= CONTACTS_MAX:
        raise GraphError(131009, f"contacts must be a list of 1 to {CONTACTS_MAX} contacts.")
    for card in part:
        if not isinstance(card, dict):
            raise GraphError(100, "Each of contacts must be an object.")
        need_text(need_object(card, "name", "contacts"), "formatted_name", "contacts.name")


def _check_template(part: Mapping[str, Any]) -> None:
    check_keys(part, {"name", "language", "components", "namespace"}, "template")
    need_text(part, "name", "template")
    language = need_object(part, "language", "template")
    check_keys(language, {"code", "policy"}, "template.language")
    need_text(language, "code", "template.language")
    components = part.get("components", [])
    if not isinstance(components, list):
        raise GraphError(100, "Param template.components must be an array.")
    for component in components:
        if not isinstance(component, dict):
            raise GraphError(100, "Each of template.components must be an object.")
        check_keys(component, {"type", "sub_type", "index", "parameters"}, "template.components")
        if str(component.get("type", "")).lower() not in {"header", "body", "button"}:
            raise GraphError(131009, "template.components.type must be header, body or button.")
        _check_parameters(component.get("parameters", []))


def _check_parameters(parameters: Any) -> None:
    if not isinstance(parameters, list) or not all(isinstance(one, dict) for one in parameters):
        raise GraphError(100, "Param template.components.parameters must be an array of objects.")
    for text in _texts(parameters):
        check_length(text, PARAMETER_MAX, "template parameter")
        # Meta refuses what would break a template's layout.
        if "\n" in text or "\t" in text or "     " in text:
            raise GraphError(
                132012, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces."
            )


def _texts(parameters: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for parameter in parameters:
        if parameter.get("type") == "text":
            yield need_text(parameter, "text", "template.components.parameters")
