"""Buttons, lists and their relatives, checked as Meta's interactive-message pages say. Plain Python."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.sandbox.graph_errors import GraphError
from apps.sandbox.shapes import check_keys, check_length, need_object, need_text

BODY_MAX = 1024
HEADER_MAX = 60
FOOTER_MAX = 60
BUTTONS_MAX = 3
BUTTON_TITLE_MAX = 20
BUTTON_ID_MAX = 256
SECTIONS_MAX = 10
ROWS_MAX = 10
ROW_ID_MAX = 200
ROW_TITLE_MAX = 24
ROW_DESCRIPTION_MAX = 72
SECTION_TITLE_MAX = 24
FLOW_CTA_MAX = 30


def check_interactive(part: Mapping[str, Any]) -> None:
    """Check the `interactive` object; raises GraphError."""
    check_keys(part, {"type", "header", "body", "footer", "action"}, "interactive")
    kind = part.get("type")
    if kind not in _ACTIONS:
        raise GraphError(131009, f"interactive.type must be one of {', '.join(sorted(_ACTIONS))}.")
    need_text(need_object(part, "body", "interactive"), "text", "interactive.body", BODY_MAX)
    if part.get("footer") is not None:
        need_text(need_object(part, "footer", "interactive"), "text", "interactive.footer", FOOTER_MAX)
    if part.get("header") is not None:
        _check_header(need_object(part, "header", "interactive"), str(kind))
    _ACTIONS[str(kind)](need_object(part, "action", "interactive"))


def _check_header(header: Mapping[str, Any], kind: str) -> None:
    shape = header.get("type")
    if shape not in {"text", "image", "video", "document"}:
        raise GraphError(131009, "interactive.header.type must be text, image, video or document.")
    if kind == "list" and shape != "text":
        raise GraphError(131009, "The header of a list can only be text.")
    check_keys(header, {"type", str(shape)}, "interactive.header")
    if shape == "text":
        need_text(header, "text", "interactive.header", HEADER_MAX)
    else:
        media = need_object(header, str(shape), "interactive.header")
        if bool(media.get("id")) == bool(media.get("link")):
            raise GraphError(131008, f"interactive.header.{shape} needs exactly one of id and link.")


def _check_id(part: Mapping[str, Any], where: str, longest: int) -> str:
    value = need_text(part, "id", where, longest)
    if value != value.strip():
        raise GraphError(131009, f"{where}.id must not begin or end with a space.")
    return value


def _check_buttons(action: Mapping[str, Any]) -> None:
    check_keys(action, {"buttons"}, "interactive.action")
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS_MAX:
        raise GraphError(131009, f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {BUTTONS_MAX}.")
    ids: list[str] = []
    titles: list[str] = []
    for button in buttons:
        if not isinstance(button, dict) or button.get("type") != "reply":
            raise GraphError(131009, "Each of interactive.action.buttons must have type reply.")
        check_keys(button, {"type", "reply"}, "interactive.action.buttons")
        reply = need_object(button, "reply", "interactive.action.buttons")
        check_keys(reply, {"id", "title"}, "interactive.action.buttons.reply")
        ids.append(_check_id(reply, "buttons.reply", BUTTON_ID_MAX))
        titles.append(need_text(reply, "title", "buttons.reply", BUTTON_TITLE_MAX))
    if len(set(ids)) < len(ids):
        raise GraphError(131009, "Button ids must be unique within a message.")
    if len(set(titles)) < len(titles):
        raise GraphError(131009, "Button titles must be unique within a message.")


def _check_list(action: Mapping[str, Any]) -> None:
    check_keys(action, {"button", "sections"}, "interactive.action")
    need_text(action, "button", "interactive.action", BUTTON_TITLE_MAX)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= SECTIONS_MAX:
        raise GraphError(131009, f"A list has 1 to {SECTIONS_MAX} sections.")
    ids: list[str] = []
    for section in sections:
        if not isinstance(section, dict):
            raise GraphError(100, "Each of interactive.action.sections must be an object.")
        check_keys(section, {"title", "rows"}, "interactive.action.sections")
        if len(sections) > 1:
            need_text(section, "title", "interactive.action.sections")
        check_length(section.get("title"), SECTION_TITLE_MAX, "section title")
        ids += _row_ids(section.get("rows"))
    if len(ids) > ROWS_MAX:
        raise GraphError(131009, f"Total row count exceeds the maximum: {len(ids)} rows, at most {ROWS_MAX}.")
    if len(set(ids)) < len(ids):
        raise GraphError(131009, "Row ids must be unique within a message.")


def _row_ids(rows: Any) -> list[str]:
    if not isinstance(rows, list) or not rows:
        raise GraphError(131008, "Each section needs at least one row.")
    ids = []
    for row in rows:
        if not isinstance(row, dict):
            raise GraphError(100, "Each of rows must be an object.")
        check_keys(row, {"id", "title", "description"}, "interactive.action.sections.rows")
        ids.append(_check_id(row, "rows", ROW_ID_MAX))
        need_text(row, "title", "rows", ROW_TITLE_MAX)
        check_length(row.get("description"), ROW_DESCRIPTION_MAX, "row description")
    return ids


def _check_cta(action: Mapping[str, Any]) -> None:
    check_keys(action, {"name", "parameters"}, "interactive.action")
    _check_name(action, "cta_url")
    parameters = need_object(action, "parameters", "interactive.action")
    check_keys(parameters, {"display_text", "url"}, "interactive.action.parameters")
    need_text(parameters, "display_text", "interactive.action.parameters", BUTTON_TITLE_MAX)
    url = need_text(parameters, "url", "interactive.action.parameters")
    if not url.startswith(("http://", "https://")):
        raise GraphError(131009, "interactive.action.parameters.url must be an http or https address.")


def _check_flow(action: Mapping[str, Any]) -> None:
    check_keys(action, {"name", "parameters"}, "interactive.action")
    _check_name(action, "flow")
    parameters = need_object(action, "parameters", "interactive.action")
    need_text(parameters, "flow_message_version", "interactive.action.parameters")
    need_text(parameters, "flow_cta", "interactive.action.parameters", FLOW_CTA_MAX)
    if bool(parameters.get("flow_id")) == bool(parameters.get("flow_name")):
        raise GraphError(131009, "interactive.action.parameters needs exactly one of flow_id and flow_name.")


def _check_name(action: Mapping[str, Any], name: str) -> None:
    if action.get("name") != name:
        raise GraphError(131009, f"interactive.action.name must be {name}.")


def _named_only(name: str) -> Callable[[Mapping[str, Any]], None]:
    def check(action: Mapping[str, Any]) -> None:
        check_keys(action, {"name"}, "interactive.action")
        _check_name(action, name)

    return check


_ACTIONS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_cta,
    "location_request_message": _named_only("send_location"),
    "request_contact_info": _named_only("request_contact_info"),
    "flow": _check_flow,
}
