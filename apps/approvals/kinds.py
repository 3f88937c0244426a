"""What approvals says. The requester always hears about the own request; deciders are at work."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

_SAMPLES = {"request": "R-12", "flow": "Expense", "what": "Taxi to the airport · R$ 780,00", "name": "Ana Souza"}
_DECIDE: Mapping[str, Mapping[str, str]] = {
    "en": {"approve": "Approve", "reject": "Reject"},
    "pt-br": {"approve": "Aprovar", "reject": "Recusar"},
    "es": {"approve": "Aprobar", "reject": "Rechazar"},
}

SUBMITTED = declare(Kind(
    name="request.submitted", title=_("Request received"), klass=Klass.MY_REQUESTS, lane=Lane.REPLY, samples=_SAMPLES,
    bodies={
        "en": "📨 {{request}} is on its way: {{what}} ({{flow}}). You hear about every step here.",
        "pt-br": "📨 {{request}} foi enviado: {{what}} ({{flow}}). Você será avisado aqui a cada etapa.",
        "es": "📨 {{request}} está en camino: {{what}} ({{flow}}). Te avisaremos aquí de cada paso.",
    },
))  # fmt: skip

ASKED = declare(Kind(
    name="request.asked", title=_("Decision asked for"), klass=Klass.WORK, lane=Lane.APPROVAL, samples={**_SAMPLES, "stage": "Manager"},
    bodies={
        "en": "📝 {{name}} asks for your decision on {{request}} ({{flow}}, {{stage}}):\n*{{what}}*\nDo you approve?",
        "pt-br": "📝 {{name}} pede a sua decisão sobre {{request}} ({{flow}}, {{stage}}):\n*{{what}}*\nVocê aprova?",
        "es": "📝 {{name}} pide tu decisión sobre {{request}} ({{flow}}, {{stage}}):\n*{{what}}*\n¿Lo apruebas?",
    },
    buttons=_DECIDE,
))  # fmt: skip

ASKED_DEPUTY = declare(Kind(
    name="request.asked_deputy", title=_("Decision asked of a deputy"), klass=Klass.WORK, lane=Lane.APPROVAL,
    samples={**_SAMPLES, "stage": "Manager", "absent": "Caio Lima"},
    bodies={
        "en": "📝 You stand in for {{absent}}. {{name}} asks for a decision on {{request}} ({{flow}}, {{stage}}):\n"
              "*{{what}}*\nDo you approve?",
        "pt-br": "📝 Você está substituindo {{absent}}. {{name}} pede uma decisão sobre {{request}} ({{flow}}, {{stage}}):\n"
                 "*{{what}}*\nVocê aprova?",
        "es": "📝 Sustituyes a {{absent}}. {{name}} pide una decisión sobre {{request}} ({{flow}}, {{stage}}):\n"
              "*{{what}}*\n¿Lo apruebas?",
    },
    buttons=_DECIDE,
))  # fmt: skip

RECEIPT = declare(
    Kind(
        name="request.receipt",
        title=_("File of a request"),
        klass=Klass.WORK,
        lane=Lane.APPROVAL,
        samples={"text": "R-12"},
    )
)

STAGE_PASSED = declare(Kind(
    name="request.stage_passed", title=_("Stage of a request passed"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={**_SAMPLES, "decider": "Bia Lima", "next": "Finance"},
    bodies={
        "en": "👍 {{decider}} approved {{request}} ({{what}}). Next: {{next}} decides.",
        "pt-br": "👍 {{decider}} aprovou {{request}} ({{what}}). Próxima etapa: {{next}} decide.",
        "es": "👍 {{decider}} aprobó {{request}} ({{what}}). Siguiente paso: decide {{next}}.",
    },
))  # fmt: skip

APPROVED = declare(Kind(
    name="request.approved", title=_("Request approved"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={**_SAMPLES, "decider": "Bia Lima"},
    bodies={
        "en": "✅ {{request}} is approved: {{what}}. The last decision was made by {{decider}}.",
        "pt-br": "✅ {{request}} foi aprovado: {{what}}. A última decisão foi de {{decider}}.",
        "es": "✅ {{request}} está aprobado: {{what}}. La última decisión fue de {{decider}}.",
    },
))  # fmt: skip

REJECTED = declare(Kind(
    name="request.rejected", title=_("Request rejected"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={**_SAMPLES, "decider": "Bia Lima", "reason": "The receipt cannot be read."},
    bodies={
        "en": "❌ {{decider}} did not approve {{request}} ({{what}}):\n“{{reason}}”\nYou may send a new request.",
        "pt-br": "❌ {{decider}} não aprovou {{request}} ({{what}}):\n“{{reason}}”\nVocê pode enviar um novo pedido.",
        "es": "❌ {{decider}} no aprobó {{request}} ({{what}}):\n«{{reason}}»\nPuedes enviar una nueva solicitud.",
    },
))  # fmt: skip

SETTLED = declare(Kind(
    name="request.settled", title=_("Decision no longer needed"), klass=Klass.WORK, lane=Lane.NOTICE,
    samples={**_SAMPLES, "decider": "Bia Lima"},
    bodies={
        "en": "☑️ You need not decide on {{request}} ({{what}}, from {{name}}) any more: {{decider}} has decided.",
        "pt-br": "☑️ Você não precisa mais decidir sobre {{request}} ({{what}}, de {{name}}): {{decider}} já decidiu.",
        "es": "☑️ Ya no hace falta que decidas sobre {{request}} ({{what}}, de {{name}}): {{decider}} ya decidió.",
    },
))  # fmt: skip

WITHDRAWN = declare(Kind(
    name="request.withdrawn", title=_("Request withdrawn"), klass=Klass.WORK, lane=Lane.NOTICE, samples=_SAMPLES,
    bodies={
        "en": "↩️ {{name}} has withdrawn {{request}} ({{what}}). There is nothing left to decide.",
        "pt-br": "↩️ {{name}} retirou {{request}} ({{what}}). Não há mais nada a decidir.",
        "es": "↩️ {{name}} retiró {{request}} ({{what}}). Ya no hay nada que decidir.",
    },
))  # fmt: skip

STUCK = declare(Kind(
    name="request.stuck", title=_("Request that nobody can decide"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE, samples=_SAMPLES,
    bodies={
        "en": "⏳ {{request}} ({{what}}) has to wait: at present nobody can decide on it. HR sees it on their list.",
        "pt-br": "⏳ {{request}} ({{what}}) precisa esperar: no momento ninguém pode decidir. O RH está vendo isso na lista dele.",
        "es": "⏳ {{request}} ({{what}}) tiene que esperar: ahora mismo nadie puede decidir. RR. HH. lo ve en su lista.",
    },
))  # fmt: skip

REMINDED = declare(Kind(
    name="request.reminded", title=_("Reminder of a decision"), klass=Klass.WORK, lane=Lane.APPROVAL, samples=_SAMPLES,
    bodies={
        "en": "🔔 {{name}} still waits for your decision on {{request}} ({{flow}}):\n*{{what}}*\nDo you approve?",
        "pt-br": "🔔 {{name}} ainda espera a sua decisão sobre {{request}} ({{flow}}):\n*{{what}}*\nVocê aprova?",
        "es": "🔔 {{name}} sigue esperando tu decisión sobre {{request}} ({{flow}}):\n*{{what}}*\n¿Lo apruebas?",
    },
    buttons=_DECIDE,
))  # fmt: skip

PASSED_UP = declare(Kind(
    name="request.passed_up", title=_("Decision passed up"), klass=Klass.WORK, lane=Lane.NOTICE,
    samples={**_SAMPLES, "decider": "Bia Lima"},
    bodies={
        "en": "⬆️ {{request}} ({{what}}, from {{name}}) waited too long. {{decider}} is asked instead of you.",
        "pt-br": "⬆️ {{request}} ({{what}}, de {{name}}) esperou demais. {{decider}} vai decidir no seu lugar.",
        "es": "⬆️ {{request}} ({{what}}, de {{name}}) esperó demasiado. {{decider}} decide en tu lugar.",
    },
))  # fmt: skip

EXPIRED = declare(Kind(
    name="request.expired", title=_("Request expired"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE, samples=_SAMPLES,
    bodies={
        "en": "⌛ Nobody decided on {{request}} ({{what}}) in time, so it has expired. You may send a new request.",
        "pt-br": "⌛ Ninguém decidiu sobre {{request}} ({{what}}) a tempo, e o pedido expirou. Você pode enviar um novo pedido.",
        "es": "⌛ Nadie decidió sobre {{request}} ({{what}}) a tiempo, así que ha caducado. Puedes enviar una nueva solicitud.",
    },
))  # fmt: skip

EXPIRED_QUESTION = declare(Kind(
    name="request.question_expired", title=_("Decision that came too late"), klass=Klass.WORK, lane=Lane.NOTICE, samples=_SAMPLES,
    bodies={
        "en": "⌛ {{request}} ({{what}}, from {{name}}) has expired. There is nothing left to decide.",
        "pt-br": "⌛ {{request}} ({{what}}, de {{name}}) expirou. Não há mais nada a decidir.",
        "es": "⌛ {{request}} ({{what}}, de {{name}}) ha caducado. Ya no hay nada que decidir.",
    },
))  # fmt: skip
