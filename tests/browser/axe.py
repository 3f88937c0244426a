"""What a person with a screen reader, a keyboard or tired eyes would stumble over, found by axe-core (WCAG 2.2, A and AA)."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},  # axe leaves it out unless it is asked for by name
    "resultTypes": ["violations"],
    "preload": False,  # it would fetch style sheets anew, which pages of a strict policy refuse aloud
}
SERIOUS = ("serious", "critical")
SHOWN = 4
"""Places named per fault: the others have the same cause."""


def faults(page: Page) -> list[str]:
    """The serious faults of the page as it stands, one line each: rule, place, what to do."""
    page.evaluate(_STAND_STILL)
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [line for fault in found["violations"] if fault["impact"] in SERIOUS for line in _lines(fault)]


_STAND_STILL = "document.getAnimations().forEach(one => { try { one.finish() } catch { one.cancel() } })"
"""A colour half faded in would be measured as it is at that instant; what never ends cannot finish."""


def _lines(fault: dict[str, Any]) -> list[str]:
    nodes = fault["nodes"]
    lines = [f"{fault['id']} ({fault['impact']}) {_place(node)}: {_advice(node)}" for node in nodes[:SHOWN]]
    if len(nodes) > SHOWN:
        lines.append(f"{fault['id']}: and {len(nodes) - SHOWN} more places")
    return lines


def _place(node: dict[str, Any]) -> str:
    """The selector, and the tag itself: selectors alone are hard to find again in a template."""
    where = " ".join(str(step) for step in node["target"])
    return f"{where}  {' '.join(node['html'].split())[:160]}"


def _advice(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)[:300] or " ".join(node["failureSummary"].split())
