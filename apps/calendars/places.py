"""Countries and regions whose public holidays the `holidays` library knows. No tables."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays
from holidays.registry import COUNTRIES as _MODULES

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@cache
def countries() -> Mapping[str, str]:
    """ISO code to English name, by name."""
    known = holidays.list_supported_countries(include_aliases=False)
    names = {names[1]: _CAPITAL.sub(" ", names[0]) for names in _MODULES.values() if names[1] in known}
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


@cache
def regions(country: str) -> Mapping[str, str]:
    """Code to name of a country's parts with holidays of their own; empty for a country that has none."""
    if country not in countries():
        return {}
    names = holidays.country_holidays(country).get_subdivision_aliases()
    found = {code: (aliases[0] if aliases else code) for code, aliases in names.items()}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def days_off(country: str, region: str, year: int, language: str) -> dict[date, str]:
    """Public holidays of one year, named in `language` (like "pt-br") where the library can, else in the country's own."""
    wanted = holidays.country_holidays(country, subdiv=region or None)
    known = {code.replace("_", "-").lower(): code for code in wanted.supported_languages}
    base = language.lower().partition("-")[0]
    kin = next((code for key, code in known.items() if key.partition("-")[0] == base), wanted.default_language)
    named = known.get(language.lower(), kin)
    rows = holidays.country_holidays(country, subdiv=region or None, years=year, language=named)
    return {day: name[:150] for day, name in sorted(rows.items()) if day.year == year}
