"""docs/roles.md, written from the rules: `manage.py roles_matrix`."""

from collections.abc import Iterable, Mapping

from django.utils import translation

from apps.console import declared, matrix, routes
from apps.console.groups import RECORDS

MARKS = {"view": "S", "add": "A", "change": "C", "delete": "D"}
NOTHING = "·"

HEAD = """# Who may do what

Written by `manage.py roles_matrix` from the rules themselves; change those, never this page. `manage.py roles_matrix --check` (and a test) fails when
the page says something else than the rules, or when a table, a permission or an address is not declared. Every cell is tried over HTTP in
`tests/roles/`. The desk shows the same under *{records}* > *Who may do what*, with the roles that your administrators made or widened.

**S** see, **A** add, **C** change, **D** delete, **·** nothing. Administrators (*superusers*) may do everything that a screen offers. Whoever sees a
kind of thing still sees only [their own rows](#whose-rows) of it. Deciding, taking tickets and answering on WhatsApp needs no role at all: there
people decide what they were asked.
"""

RULE = """Every table with a screen at the desk has these addresses under `/admin/<room>/<table>/`, and the tables above say who gets through: the list, the page
and its history need **S** (saving the page **C**), `add/` needs **A**, `delete/` needs **D**. A page with a button beside them is listed here.
"""

KINDS = {
    routes.PUBLIC: "anybody",
    routes.SIGNED_IN: "signed in",
    routes.DESK: "signed in at the desk",
    routes.KEY: "a key, or signed in with the same permissions",
    routes.SIGNATURE: "the sender’s signature",
    routes.LOOPBACK: "this machine only",
}


def written() -> str:
    """The whole page, in English."""
    with translation.override("en"):
        columns = matrix.house_columns()
        sections = matrix.sections(columns)
        parts = [HEAD.format(records=RECORDS), *(_section(section, columns) for section in sections), _scopes(sections), _specials(columns),
                 _addresses(columns)]  # fmt: skip
        return "\n".join(parts)


def problems() -> list[str]:
    """What is not declared, or declared for nothing. Raises LookupError for a model without a row scope or a permission without words."""
    return routes.wrong(list(routes.walk()), declared.ROUTES, only_sometimes=declared.IN_A_DEMO)


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    titles = [str(cell) for cell in head]
    lines = [titles, ["---"] * len(titles), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _marks(verbs: frozenset[str]) -> str:
    return "".join(mark for verb, mark in MARKS.items() if verb in verbs) or NOTHING


def _section(section: matrix.Section, columns: list[matrix.Column]) -> str:
    rows = ([_named(line), *(_marks(cell) for cell in line.cells)] for line in section.lines)
    return f"## {section.title}\n\n{_table(['', *(column.title for column in columns)], rows)}"


def _named(line: matrix.Line) -> str:
    return f"{line.title} (on *{line.page}*)" if line.page else str(line.title)


def _scopes(sections: list[matrix.Section]) -> str:
    told: dict[str, tuple[str, str]] = {}
    for section in sections:
        for line in section.lines:
            told.setdefault(line.label, (str(line.title), str(line.words)))
    lead = "Of what they may see, people see these rows, on every screen, in every search, choice, export and answer of the API.\n"
    return f"## Whose rows\n\n{lead}\n{_table(['what', 'whose rows'], told.values())}"


def _specials(columns: list[matrix.Column]) -> str:
    rows = ([f"{one.title} (`{one.codename}`)", *("✓" if has else NOTHING for has in one.cells)]
            for one in matrix.specials(columns))  # fmt: skip
    return f"## Special permissions\n\n{_table(['', *(column.title for column in columns)], rows)}"


def _addresses(columns: list[matrix.Column]) -> str:
    buttons = {f"admin/{address}": need for address, need in declared.BUTTONS.items()}
    parts = [("At the desk", {**declared.PAGES, **buttons}), ("Signing in", declared.SIGN_IN),
             ("Programs", declared.PROGRAMS), ("Everything else", declared.HOUSE)]  # fmt: skip
    told = "\n".join(f"### {title}\n\n{_routes(table, columns)}" for title, table in parts)
    return f"## Addresses\n\n{RULE}\n{told}"


def _routes(table: Mapping[str, routes.Need], columns: list[matrix.Column]) -> str:
    rows = ([f"`/{address}`", _need(need), _who(need, columns)] for address, need in table.items())
    return _table(["address", "needs", "so it opens for"], rows)


def _need(need: routes.Need) -> str:
    named = " and ".join(f"`{one}`" for one in need.all_of) or " or ".join(f"`{one}`" for one in need.one_of)
    scopes = ", ".join(f"{method} `{scope}`" for method, scope in need.scopes.items())
    return "; ".join(part for part in (scopes, named or ("" if scopes else KINDS[need.kind]), str(need.words)) if part)


def _who(need: routes.Need, columns: list[matrix.Column]) -> str:
    if need.kind not in {routes.DESK, routes.KEY}:
        return KINDS[need.kind]
    everybody = "everybody at the desk" if need.kind == routes.DESK else "every key with the scope"
    names = [str(column.title) for column in columns if routes.allows(need, column.holder)]
    return everybody if len(names) == len(columns) else ", ".join(names) or "administrators only"
