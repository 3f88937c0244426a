"""Padaria Aurora: bakeries in São Paulo, a shop in Austin, a mill in Valencia. Nobody here exists.

The phone numbers have the right shape and belong to nobody: Brazil's and Spain's runs of zeros, the United States' 555-01xx.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import time
from typing import Any

COMPANY = "Padaria Aurora"
WABA = "100200300400500"
PORTFOLIO = "900800700600500"
NUMBER_ID = "106540352242922"
NUMBER = "+551130000100"

BR, US, ES = ("pt-br", "America/Sao_Paulo"), ("en", "America/Chicago"), ("es", "Europe/Madrid")


@dataclass(frozen=True)
class Person:
    """One employee. `manager` is an employee number; `leads` says that they lead their (first) team."""

    number: str
    name: str
    phone: str
    place: tuple[str, str]
    position: str
    teams: tuple[str, ...]
    manager: str = ""
    leads: bool = False

    @property
    def email(self) -> str:
        first, *_rest, last = self.name.lower().split()
        plain = str.maketrans("áâãàéêíóôõúüçñ", "aaaaeeiooouucn")
        return f"{first}.{last}@aurora.example".translate(plain)


PEOPLE = (
    Person("A-001", "Helena Duarte", "+5511900000101", BR, "Diretora-geral", ("Direction",), leads=True),
    Person("A-002", "Rafael Moura", "+5511900000102", BR, "Gerente de logística", ("Logistics",), "A-001", leads=True),
    Person("A-003", "Lucía Ortega", "+34600000103", ES, "Jefa de ventas", ("Sales",), "A-001", leads=True),
    Person("A-004", "Grace Miller", "+15125550104", US, "Head of finance", ("Finance",), "A-001", leads=True),
    Person("A-005", "Tomás Ibarra", "+34600000105", ES, "Jefe de mantenimiento", ("Facilities",), "A-001", leads=True),
    Person("A-006", "Priya Nair", "+15125550106", US, "IT lead", ("IT",), "A-001", leads=True),
    Person("A-007", "Camila Rocha", "+5511900000107", BR, "Recursos humanos", ("HR",), "A-001", leads=True),
    Person("A-008", "Ana Beatriz Lima", "+5511900000108", BR, "Motorista", ("Logistics",), "A-002"),
    Person("A-009", "Bruno Alves", "+5511900000109", BR, "Motorista", ("Logistics",), "A-002"),
    Person("A-010", "João Pedro Santos", "+5511900000110", BR, "Técnico de manutenção", ("Facilities",), "A-005"),
    Person("A-011", "Diego Fernández", "+34600000111", ES, "Técnico de sistemas", ("IT",), "A-006"),
    Person("A-012", "Emily Carter", "+15125550112", US, "Shop assistant", ("Sales",), "A-003"),
    Person("A-013", "Marcos Teixeira", "+5511900000113", BR, "Padeiro", ("Bakery",), "A-001"),
    Person("A-014", "Olivia Bennett", "+15125550114", US, "Accountant", ("Finance",), "A-004"),
)
TEAMS = {
    "Direction": "", "Logistics": "Direction", "Sales": "Direction", "Finance": "Direction", "Facilities": "Direction",
    "IT": "Direction", "HR": "Direction", "Bakery": "Direction",
}  # fmt: skip

ABSENT, DEPUTY = "A-002", "A-003"

# Nobody's message waits for the morning here, so that a demo runs at any hour; but for the baker, whose calendar is a real one.
ALWAYS_OPEN = "Round the clock"
BAKERY: dict[str, Any] = {
    "name": "Bakery, São Paulo", "country": "BR", "region": "SP", "quiet_from": time(19), "quiet_until": time(3),
}  # fmt: skip
BAKERY_HOURS = ((time(4), time(8)), (time(8, 30), time(12)))
BAKER = "A-013"


@dataclass(frozen=True)
class Login:
    """One sign-in of the demo; the password is printed when the demo starts."""

    username: str
    password: str
    name: str
    what: str
    roles: tuple[str, ...] = ()
    employee: str = ""
    is_superuser: bool = False

    @property
    def secret(self) -> str:
        """The fixed secret of this sign-in's authenticator app, in base32; the same in every demo."""
        return base64.b32encode(hashlib.sha256(f"Padaria Aurora {self.username}".encode()).digest()[:20]).decode()


LOGINS = (
    Login("admin", "aurora-admin", "Alex Admin", "everything", is_superuser=True),
    Login("hr", "aurora-hr", "Camila Rocha", "people, forms, flows, menu", ("HR",), "A-007"),
    Login("manager", "aurora-manager", "Rafael Moura", "his own team", ("Manager",), "A-002"),
    Login("finance", "aurora-finance", "Grace Miller", "decides expenses over 500", ("Manager",), "A-004"),
    Login(
        "responder", "aurora-responder", "João Pedro Santos", "answers tickets of Facilities", ("Responder",), "A-010"
    ),
    Login("auditor", "aurora-auditor", "Iris Auditora", "reads everything, exports the journal", ("Auditor",)),
    Login("operator", "aurora-operator", "Otto Operador", "accounts, queues, errors", ("Operator",)),
)

FORMS: dict[str, dict[str, Any]] = {
    "problem": {
        "name": {"en": "Problem report", "pt-br": "Relato de problema", "es": "Reporte de problema"},
        "fields": [
            {
                "key": "description", "kind": "text", "limits": {"max_length": 1000},
                "question": {
                    "en": "What happened? Write it in one message.",
                    "pt-br": "O que aconteceu? Escreva em uma mensagem.",
                    "es": "¿Qué pasó? Escríbelo en un mensaje.",
                },
            },
            {
                "key": "photos", "kind": "photo", "is_required": False, "limits": {"max_files": 5},
                "question": {
                    "en": "Send photos of it, up to five.",
                    "pt-br": "Envie fotos, até cinco.",
                    "es": "Envía fotos, hasta cinco.",
                },
            },
            {
                "key": "location", "kind": "location", "is_required": False,
                "question": {"en": "Where is it?", "pt-br": "Onde fica?", "es": "¿Dónde está?"},
            },
        ],
    },
    "expense": {
        "name": {"en": "Expense", "pt-br": "Despesa", "es": "Gasto"},
        "fields": [
            {
                "key": "amount", "kind": "money", "limits": {"currency": "BRL", "min": "0.01", "max": "20000"},
                "question": {
                    "en": "How much did you spend?",
                    "pt-br": "Quanto você gastou?",
                    "es": "¿Cuánto gastaste?",
                },
            },
            {
                "key": "what", "kind": "text", "limits": {"max_length": 120},
                "question": {"en": "What was it for?", "pt-br": "Com o quê?", "es": "¿En qué?"},
            },
            {
                "key": "receipt", "kind": "photo", "limits": {"max_files": 3},
                "question": {
                    "en": "Send a photo of the receipt.",
                    "pt-br": "Envie uma foto do recibo.",
                    "es": "Envía una foto del recibo.",
                },
            },
        ],
    },
}  # fmt: skip

CATEGORIES = (
    ("Facilities", {"en": "Facilities", "pt-br": "Instalações", "es": "Instalaciones"}),
    ("IT", {"en": "Computers and systems", "pt-br": "Computadores e sistemas", "es": "Equipos y sistemas"}),
    ("Logistics", {"en": "Vehicles and delivery", "pt-br": "Veículos e entregas", "es": "Vehículos y entregas"}),
)

FLOW: dict[str, Any] = {
    "key": "expense",
    "name": {"en": "Expense", "pt-br": "Despesa", "es": "Gasto"},
    "form": "expense",
    "amount_field": "amount",
    "summary_field": "what",
}
STAGES: tuple[dict[str, Any], ...] = (
    {"approver": "manager", "name": {"en": "Manager", "pt-br": "Gestor", "es": "Responsable"}},
    {
        "approver": "team_lead", "team": "Finance",
        "name": {"en": "Finance", "pt-br": "Financeiro", "es": "Finanzas"},
        "condition": {"field": "amount", "op": "gt", "value": 500},
    },
)  # fmt: skip

MENU: tuple[dict[str, Any], ...] = (
    {
        "target": "incidents.report", "argument": "",
        "label": {"en": "Report a problem", "pt-br": "Relatar um problema", "es": "Reportar un problema"},
        "description": {
            "en": "Something is broken or missing",
            "pt-br": "Algo quebrou ou está faltando",
            "es": "Algo se rompió o falta",
        },
    },
    {
        "target": "approvals.request", "argument": "expense",
        "label": {"en": "Submit an expense", "pt-br": "Enviar uma despesa", "es": "Enviar un gasto"},
        "description": {
            "en": "Have the receipt at hand",
            "pt-br": "Tenha o recibo à mão",
            "es": "Ten el recibo a mano",
        },
    },
    {
        "target": "approvals.mine", "argument": "",
        "label": {"en": "My requests", "pt-br": "Meus pedidos", "es": "Mis solicitudes"},
        "description": {
            "en": "What I asked for, and who has it",
            "pt-br": "O que pedi e com quem está",
            "es": "Lo que pedí y quién lo tiene",
        },
    },
    {
        "target": "incidents.mine", "argument": "",
        "label": {"en": "My reports", "pt-br": "Meus relatos", "es": "Mis reportes"},
        "description": {
            "en": "Problems I reported",
            "pt-br": "Problemas que relatei",
            "es": "Problemas que reporté",
        },
    },
    {
        "target": "contacts.messages", "argument": "",
        "label": {"en": "What I get from Recado", "pt-br": "O que recebo do Recado", "es": "Qué recibo de Recado"},
        "description": {
            "en": "Switch kinds of messages on or off",
            "pt-br": "Ligue ou desligue tipos de mensagens",
            "es": "Activa o desactiva tipos de mensajes",
        },
    },
    {
        "target": "contacts.about_me", "argument": "",
        "label": {"en": "What you hold about me", "pt-br": "O que sabem sobre mim", "es": "Qué saben sobre mí"},
        "description": {
            "en": "Which data of mine are kept, and whom to ask",
            "pt-br": "Que dados meus ficam guardados e a quem pedir",
            "es": "Qué datos míos se guardan y a quién preguntar",
        },
    },
)  # fmt: skip

CONSENT = {
    "en": "May Padaria Aurora write to you here about your work? You can stop it at any time with STOP.",
    "pt-br": "A Padaria Aurora pode escrever para você aqui sobre o seu trabalho? Para parar, envie PARAR.",
    "es": "¿Puede Padaria Aurora escribirte aquí sobre tu trabajo? Para dejarlo, envía ALTO.",
}
