"""Texts with {{names}}: plain Python, since adapters read them too."""

from collections.abc import Mapping


def placeholders(body: str) -> list[str]:
    """Names in double braces, in order of first use.

    >>> placeholders("{{a}} and {{b}} and {{a}}")
    ['a', 'b']
    """
    found: list[str] = []
    for piece in body.split("{{")[1:]:
        name = piece.partition("}}")[0].strip()
        if name not in found:
            found.append(name)
    return found


def render(body: str, values: Mapping[str, object]) -> str:
    """Fill {{names}} with their values; a missing one stays empty. Values are never templates themselves.

    >>> render("Hello {{ name }}", {"name": "{{x}}"})
    'Hello {{x}}'
    """
    first, *rest = body.split("{{")
    out = [first]
    for piece in rest:
        name, closed, tail = piece.partition("}}")
        out.append(f"{values.get(name.strip(), '')}{tail}" if closed else "{{" + piece)
    return "".join(out)
