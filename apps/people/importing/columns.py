"""The columns of a file of people: how each is headed in three languages, and what others call it. Pure.

The first name in each language heads our own exports and samples; the others are only understood.
"""

import hashlib
from collections.abc import Sequence

from apps.journal.tables import plain

HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    "number": {
        "en": ("Employee number", "employee no", "employee id", "number", "staff number", "staff id", "personnel number",
               "badge", "id", "emp id", "worker id", "payroll number", "external id"),
        "pt-br": ("Matrícula", "número", "número do funcionário", "número do empregado", "código", "código do funcionário",
                  "chapa", "registro", "re", "id do colaborador", "número do colaborador"),
        "es": ("Número de empleado", "número", "nº de empleado", "legajo", "nómina", "número de nómina", "código de empleado",
               "id de empleado", "ficha", "no de empleado"),
    },
    "name": {
        "en": ("Name", "full name", "employee name", "employee", "display name"),
        "pt-br": ("Nome", "nome completo", "nome do funcionário", "funcionário", "colaborador", "nome do colaborador"),
        "es": ("Nombre", "nombre completo", "nombre y apellidos", "nombre y apellido", "apellidos y nombre", "empleado",
               "nombre del empleado"),
    },
    "phone": {
        "en": ("Phone", "mobile", "mobile phone", "phone number", "cell", "cell phone", "whatsapp", "telephone", "mobile number"),
        "pt-br": ("Telefone", "celular", "telefone celular", "fone", "número de telefone", "número do whatsapp"),
        "es": ("Teléfono", "móvil", "teléfono móvil", "celular", "número de teléfono", "tel"),
    },
    "email": {
        "en": ("E-mail", "email", "email address", "e mail address", "mail", "work email"),
        "pt-br": ("E-mail", "correio eletrônico", "endereço de e-mail", "email corporativo"),
        "es": ("Correo electrónico", "correo", "e-mail", "email", "dirección de correo"),
    },
    "position": {
        "en": ("Position", "job title", "title", "role", "job"),
        "pt-br": ("Cargo", "função", "posição"),
        "es": ("Puesto", "cargo", "posición"),
    },
    "cost_centre": {
        "en": ("Cost centre", "cost center", "cost centre code", "cost center code"),
        "pt-br": ("Centro de custo", "centro de custos", "cc", "ccusto", "código do centro de custo"),
        "es": ("Centro de coste", "centro de costo", "centro de costes", "centro de costos", "ceco"),
    },
    "manager": {
        "en": ("Manager", "manager number", "manager id", "manager email", "reports to", "supervisor", "line manager", "boss"),
        "pt-br": ("Gestor", "gestora", "gerente", "chefe", "matrícula do gestor", "líder", "supervisor", "superior imediato"),
        "es": ("Responsable", "jefe", "jefa", "gerente", "supervisor", "número del responsable", "reporta a"),
    },
    "teams": {
        "en": ("Teams", "team", "department", "departments", "group", "groups", "unit", "division"),
        "pt-br": ("Equipes", "equipe", "time", "times", "departamento", "setor", "área"),
        "es": ("Equipos", "equipo", "departamento", "área", "sector", "grupo"),
    },
    "language": {
        "en": ("Language", "locale", "preferred language"),
        "pt-br": ("Idioma", "língua"),
        "es": ("Idioma", "lengua"),
    },
    "time_zone": {
        "en": ("Time zone", "timezone", "tz"),
        "pt-br": ("Fuso horário", "fuso"),
        "es": ("Zona horaria", "huso horario"),
    },
    "calendar": {
        "en": ("Working calendar", "calendar", "work calendar", "holiday calendar"),
        "pt-br": ("Calendário de trabalho", "calendário"),
        "es": ("Calendario laboral", "calendario", "calendario de trabajo"),
    },
    "state": {
        "en": ("State", "status", "active", "employment status"),
        "pt-br": ("Situação", "estado", "status", "ativo"),
        "es": ("Estado", "situación", "activo", "estatus"),
    },
    "last_day": {
        "en": ("Last day", "last day of work", "last working day", "leaving date", "leaves on", "termination date", "end date"),
        "pt-br": ("Último dia", "último dia de trabalho", "data de saída", "data de desligamento", "data de demissão"),
        "es": ("Último día", "último día de trabajo", "fecha de baja", "fecha de salida", "fecha de cese"),
    },
}  # fmt: skip
KEYS = tuple(HEADERS)

_MEANINGS: dict[str, str] = {}
for _key, _languages in HEADERS.items():
    for _names in _languages.values():
        for _name in _names:
            _MEANINGS.setdefault(plain(_name), _key)
    _MEANINGS.setdefault(plain(_key), _key)


def header(key: str, language: str) -> str:
    """How our own files head a column in `language`, in English where there is none."""
    names = HEADERS[key]
    return (names.get(language) or names["en"])[0]


def guess(headers: Sequence[str]) -> list[str]:
    """For each header the field that it seems to mean, or "". No field twice: whole names first, then parts of names."""
    found = [""] * len(headers)
    for is_whole in (True, False):
        for index, text in enumerate(headers):
            key = "" if found[index] else _meaning(plain(text), is_whole=is_whole)
            if key and key not in found:
                found[index] = key
    return found


def _meaning(text: str, *, is_whole: bool) -> str:
    if is_whole:
        return _MEANINGS.get(text, "")
    padded = f" {text} "
    inside = [name for name in _MEANINGS if len(name) > 3 and f" {name} " in padded]
    return _MEANINGS[max(inside, key=len)] if inside else ""


def fingerprint(headers: Sequence[str]) -> str:
    """Equal for files that are headed alike."""
    return hashlib.sha256("\x1f".join(plain(text) or text for text in headers).encode()).hexdigest()
