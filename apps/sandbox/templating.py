"""Templates: what their variables are, whether a send fits them, and how they read when filled in. Plain Python."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apps.sandbox.graph_errors import GraphError

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_NAME = re.compile(r"^[a-z0-9_]{1,512}$")
# Meta, "Message templates": longest texts of each part, and how many buttons.
_LONGEST = {"BODY": 1024, "FOOTER": 60, "HEADER": 60}
_BUTTON_TEXT_MAX = 25
_BUTTONS_MAX = 10
_RENDERED_MAX = 4096


def variables(text: str) -> list[str]:
    """Names (or positions) of the variables in `text`, once each, in order."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def part(components: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    """The component of this kind (BODY, HEADER ...), whatever case it was written in; {} if there is none."""
    return next((one for one in components if str(one.get("type", "")).upper() == kind), {})


def check_definition(definition: Mapping[str, Any]) -> None:
    """What Meta refuses when a template is created: raises GraphError 100 with the reason."""
    if not _NAME.match(str(definition.get("name", ""))):
        raise GraphError(100, "Template name: only small letters, digits and underscores.")
    if not definition.get("language"):
        raise GraphError(100, "Param language is required.")
    if definition.get("category") not in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
        raise GraphError(100, "Param category must be one of UTILITY, MARKETING, AUTHENTICATION.")
    components = definition.get("components")
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise GraphError(100, "Param components must be an array of objects.")
    body = str(part(components, "BODY").get("text", ""))
    if not body:
        raise GraphError(100, "A template needs a BODY with a text.")
    for kind, longest in _LONGEST.items():
        if len(str(part(components, kind).get("text", ""))) > longest:
            raise GraphError(100, f"The {kind} is too long: at most {longest} characters.")
    if variables(body) and not part(components, "BODY").get("example"):
        raise GraphError(100, "The BODY has variables, so it needs an example.")
    if _VARIABLE.match(body.strip()) or re.search(r"\}\}$", body.strip()):
        raise GraphError(100, "Variables cannot be at the start or the end of the text.")
    if re.search(r"\}\}\s*\{\{", body):
        raise GraphError(100, "Variables cannot touch each other.")
    buttons = part(components, "BUTTONS").get("buttons", [])
    if len(buttons) > _BUTTONS_MAX:
        raise GraphError(100, f"A template has at most {_BUTTONS_MAX} buttons.")
    if any(len(str(button.get("text", ""))) > _BUTTON_TEXT_MAX for button in buttons):
        raise GraphError(100, f"The text of a button has at most {_BUTTON_TEXT_MAX} characters.")


def fill(definition: Mapping[str, Any], sent: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Fill a template with the components of a send.

    Returns {text, header?, footer?, buttons: [{title, id, kind, url?}]}. Raises GraphError 132000 (wrong count), 132012
    (wrong name, type or format), 131009 (a button that is not there), 132005 (too long when filled).
    """
    components = definition["components"]
    named = str(definition.get("parameter_format", "")).upper() == "NAMED"
    given = {str(one.get("type", "")).lower(): one for one in sent if str(one.get("type", "")).lower() != "button"}
    text = _fill_text(str(part(components, "BODY").get("text", "")), _parameters(given.get("body")), named, "body")
    if len(text) > _RENDERED_MAX:
        raise GraphError(132005, f"The filled-in text has {len(text)} characters.")
    content: dict[str, Any] = {"text": text, "buttons": _fill_buttons(components, sent)}
    header = part(components, "HEADER")
    if header:
        content["header"] = _fill_header(header, _parameters(given.get("header")), named)
    elif given.get("header"):
        raise GraphError(132000, "header: the template has no header.")
    if part(components, "FOOTER"):
        content["footer"] = str(part(components, "FOOTER").get("text", ""))
    return content


def _parameters(component: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return list(component.get("parameters", [])) if component else []


def _fill_text(text: str, parameters: Sequence[Mapping[str, Any]], named: bool, where: str) -> str:
    wanted = variables(text)
    if len(parameters) != len(wanted):
        raise GraphError(
            132000, f"{where}: number of localizable_params ({len(parameters)}) does not match "
            f"the expected number of params ({len(wanted)})"
        )  # fmt: skip
    if named:
        values = {str(one.get("parameter_name", "")): _value(one, where) for one in parameters}
        missing = [name for name in wanted if name not in values]
        if missing:
            raise GraphError(132012, f"{where}: parameter name missing or wrong; expected {', '.join(wanted)}.")
    else:
        if any(one.get("parameter_name") for one in parameters):
            raise GraphError(132012, f"{where}: this template is positional; parameter_name does not belong here.")
        # Positions are numbers: {{2}} takes the second parameter wherever it stands in the text.
        order = sorted(wanted, key=lambda name: int(name) if name.isdigit() else 0)
        values = {name: _value(one, where) for name, one in zip(order, parameters, strict=True)}
    return _VARIABLE.sub(lambda match: values[match.group(1)], text)


def _value(parameter: Mapping[str, Any], where: str) -> str:
    kind = parameter.get("type")
    if kind == "text":
        return str(parameter["text"])
    if kind in {"currency", "date_time"}:
        return str(parameter.get(str(kind), {}).get("fallback_value", ""))
    raise GraphError(132012, f"{where}: a parameter of type {kind!r} does not fit here.")


def _fill_header(header: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]], named: bool) -> dict[str, Any]:
    shape = str(header.get("format", "TEXT")).lower()
    if shape == "text":
        return {"type": "text", "text": _fill_text(str(header.get("text", "")), parameters, named, "header")}
    if len(parameters) != 1:
        raise GraphError(
            132012, f"header: Format mismatch, expected {shape.upper()}, received {len(parameters)} values."
        )
    if parameters[0].get("type") != shape or not isinstance(parameters[0].get(shape), dict):
        raise GraphError(
            132012, f"header: Format mismatch, expected {shape.upper()}, received {parameters[0].get('type')}."
        )
    return {"type": shape, shape: parameters[0][shape]}


def _fill_buttons(components: Sequence[Mapping[str, Any]], sent: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    buttons = list(part(components, "BUTTONS").get("buttons", []))
    given = _given_buttons(buttons, sent)
    filled = []
    for index, button in enumerate(buttons):
        filled.append(_fill_button(button, given.get(index, {}), index))
    return filled


def _given_buttons(
    buttons: Sequence[Mapping[str, Any]], sent: Sequence[Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    given: dict[int, Mapping[str, Any]] = {}
    for one in sent:
        if str(one.get("type", "")).lower() != "button":
            continue
        index = str(one.get("index", ""))
        if not index.isdigit() or int(index) >= len(buttons):
            raise GraphError(131009, f"button at index {index!r} does not exist in the template.")
        wanted = str(buttons[int(index)].get("type", "")).lower()
        if str(one.get("sub_type", "")).lower() != wanted:
            raise GraphError(132012, f"button at index {index} is of sub_type {wanted}, not {one.get('sub_type')!r}.")
        given[int(index)] = one
    return given


def _fill_button(button: Mapping[str, Any], one: Mapping[str, Any], index: int) -> dict[str, Any]:
    kind = str(button.get("type", "")).lower()
    title = str(button.get("text", ""))
    filled: dict[str, Any] = {"title": title, "id": title, "kind": kind}
    parameters = list(one.get("parameters", []))
    if kind == "quick_reply" and parameters:
        # Without a payload the text of the button comes back as payload (Meta's own sample).
        filled["id"] = str(parameters[0].get("payload") or title)
        if len(filled["id"]) > 256:
            raise GraphError(131009, f"button at index {index}: the payload has more than 256 characters.")
    elif kind == "url":
        url = str(button.get("url", ""))
        if len(variables(url)) != len(parameters):
            raise GraphError(
                132000 if parameters else 131008,
                f"Button at index {index} of type Url requires {len(variables(url))} parameter(s).",
            )
        suffix = str(parameters[0].get("text", "")) if parameters else ""
        filled["url"] = _VARIABLE.sub(lambda _: suffix, url)
    elif kind == "flow" and parameters:
        filled["flow_token"] = str(parameters[0].get("action", {}).get("flow_token", "unused"))
    return filled
