"""One kind in two languages, and how its template looks at a carrier: for tests of templates."""

from typing import Any

import pytest

from apps.providers import services
from apps.providers.kinds import Kind, Klass, Lane, kinds
from apps.providers.models import Account, Approval, MessageTemplate, Translation
from tests import registries

ASKED = Kind(
    name="test.asked", klass=Klass.WORK, lane=Lane.APPROVAL, samples={"who": "Ana", "what": "a chair"},
    bodies={"en": "Hello. {{who}} asks for {{what}}.", "pt-br": "Olá. {{who}} pede {{what}}."},
    buttons={"en": {"reject": "Reject", "ok": "Approve"}, "pt-br": {"reject": "Recusar", "ok": "Aprovar"}},
)  # fmt: skip


@pytest.fixture(autouse=True)
def only_this_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The house says nothing but this."""
    registries.swap(monkeypatch, kinds, {ASKED.name: ASKED})
    MessageTemplate.objects.all().delete()
    services.sync_kinds()


BASE = "https://graph.facebook.com/v23.0"
LIST = f"{BASE}/waba/message_templates"


def there(language: str = "en", **values: Any) -> dict[str, Any]:
    """Our template as the carrier lists it."""
    own = "en" if language == "en" else "pt-br"
    buttons = [{"type": "QUICK_REPLY", "text": title} for title in ASKED.buttons[own].values()]
    components = [
        {"type": "BODY", "text": values.pop("body", ASKED.bodies[own])},
        {"type": "BUTTONS", "buttons": buttons},
    ]
    return {"id": f"t-{language}", "name": "test_asked", "language": language, "status": "APPROVED", "category": "UTILITY",
            "parameter_format": "NAMED", "components": components, **values}  # fmt: skip


def approved(account: Account, language: str = "en", **values: Any) -> Approval:
    """Our template as it stands after a sync that found it approved."""
    services.sync_kinds()
    translation = Translation.objects.get(language=language, template__kind=ASKED.name)
    remote = "en" if language == "en" else "pt_BR"
    given = {
        "remote_id": f"t-{remote}", "name": "test_asked", "remote_language": remote, "state": "APPROVED",
        "accepted_category": "UTILITY", "body": translation.body, "parameters": ["who", "what"],
        "buttons": list(ASKED.buttons[language]), "titles": list(ASKED.buttons[language].values()), **values,
    }  # fmt: skip
    return Approval.objects.create(account=account, translation=translation, **given)
