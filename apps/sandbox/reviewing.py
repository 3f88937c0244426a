"""Templates as Meta keeps and judges them: each verdict is told by webhook."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.sandbox import models, payloads
from apps.sandbox.events import bus
from apps.sandbox.store import new_id, queue_webhook
from apps.sandbox.writing import writing

_announced: dict[str, str] = {}
"""Categories to come, by template: in memory, like all trouble."""


def template_fields(template: models.Template) -> dict[str, Any]:
    """A template as the Graph API lists it."""
    return {
        "id": template.remote_id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "correct_category": _announced.get(template.remote_id, template.category),
        "parameter_format": template.parameter_format,
        "components": template.components,
        "rejected_reason": template.rejected_reason,
        "quality_score": {"score": template.quality},
    }


@writing()
def put_template(account: models.Account, definition: Mapping[str, Any], status: str) -> models.Template:
    template, _ = models.Template.objects.update_or_create(
        account=account,
        name=definition["name"],
        language=definition["language"],
        defaults={
            "category": definition.get("category", "UTILITY"),
            "status": status,
            "parameter_format": str(definition.get("parameter_format", "POSITIONAL")).upper(),
            "components": definition["components"],
            "rejected_reason": definition.get("rejected_reason", "NONE"),
        },
        create_defaults={
            "remote_id": str(definition.get("id") or new_id()),
            "category": definition.get("category", "UTILITY"),
            "status": status,
            "parameter_format": str(definition.get("parameter_format", "POSITIONAL")).upper(),
            "components": definition["components"],
        },
    )
    transaction.on_commit(lambda: bus.publish("templates"))
    return template


@writing()
def set_template_status(
    template: models.Template, status: str, reason: str = "NONE", more: Mapping[str, Any] | None = None
) -> None:
    """`more`: rejection_info, other_info or disable_info, as Meta's webhook carries them."""
    template.status = status
    template.rejected_reason = reason
    template.save(update_fields=["status", "rejected_reason"])
    at = int(clock.now().timestamp())
    body = payloads.template_status(template.account.waba_id, template_fields(template), at, more)
    queue_webhook(template.account, body, f"template:{template.remote_id}")
    transaction.on_commit(lambda: bus.publish("templates"))


@writing()
def set_template_components(template: models.Template, components: list[dict[str, Any]]) -> None:
    """Somebody changed it in WhatsApp Manager."""
    template.components = components
    template.save(update_fields=["components"])
    texts = {str(one.get("type", "")).upper(): str(one.get("text", "")) for one in components}
    _tell(template, "message_template_components_update", {"message_template_element": texts.get("BODY", "")})


@writing()
def announce_template_category(template: models.Template, category: str) -> None:
    """The notice of a day: nothing has changed yet."""
    _announced[template.remote_id] = category
    _tell(template, "template_category_update", {"new_category": template.category, "correct_category": category})


@writing()
def set_template_category(template: models.Template, category: str) -> None:
    """Meta finds that a template belongs elsewhere: it stays as it is but costs differently, or may no longer be sent."""
    _announced.pop(template.remote_id, None)
    previous, template.category = template.category, category
    template.save(update_fields=["category"])
    _tell(template, "template_category_update", {"previous_category": previous, "new_category": category})


@writing()
def set_template_quality(template: models.Template, quality: str) -> None:
    """What people's answers made Meta think of it."""
    previous, template.quality = template.quality, quality
    template.save(update_fields=["quality"])
    _tell(
        template, "message_template_quality_update", {"previous_quality_score": previous, "new_quality_score": quality}
    )


def _tell(template: models.Template, what: str, verdict: Mapping[str, str]) -> None:
    body = payloads.template_verdict(template.account.waba_id, template_fields(template), what, verdict)
    body["entry"][0]["time"] = int(clock.now().timestamp())
    queue_webhook(template.account, body, f"template:{template.remote_id}")
    transaction.on_commit(lambda: bus.publish("templates"))
