"""What incidents says. Reporters hear about their own report whatever they stopped; responders are at work."""

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

OFFERED = declare(Kind(
    name="ticket.offered", title=_("New ticket for the team"), klass=Klass.WORK, lane=Lane.APPROVAL,
    samples={"ticket": "T-104", "category": "Facilities", "summary": "The lift is stuck", "name": "Ana Souza"},
    bodies={
        "en": "🔔 New report {{ticket}} ({{category}}) from {{name}}:\n“{{summary}}”\nCan you take it?",
        "pt-br": "🔔 Novo chamado {{ticket}} ({{category}}) de {{name}}:\n“{{summary}}”\nVocê pode assumir?",
        "es": "🔔 Nuevo aviso {{ticket}} ({{category}}) de {{name}}:\n«{{summary}}»\n¿Puedes hacerte cargo?",
    },
    buttons={"en": {"take": "Take"}, "pt-br": {"take": "Assumir"}, "es": {"take": "Tomar"}},
))  # fmt: skip

OPENED = declare(Kind(
    name="ticket.opened", title=_("Report received"), klass=Klass.MY_REQUESTS, lane=Lane.REPLY,
    samples={"ticket": "T-104", "summary": "The lift is stuck", "team": "Facilities"},
    bodies={
        "en": "✅ Thank you. Your report is {{ticket}}: “{{summary}}”. {{team}} has been told. "
              "Send more photos or lines here and they are added to it.",
        "pt-br": "✅ Obrigado! Seu chamado é o {{ticket}}: “{{summary}}”. A equipe {{team}} já foi avisada. "
                 "Mande mais fotos ou mensagens por aqui que elas entram no chamado.",
        "es": "✅ ¡Gracias! Tu aviso es el {{ticket}}: «{{summary}}». Ya avisamos al equipo {{team}}. "
              "Envía aquí más fotos o mensajes y los añadimos al aviso.",
    },
))  # fmt: skip

ASSIGNED = declare(Kind(
    name="ticket.assigned", title=_("Ticket is yours"), klass=Klass.WORK, lane=Lane.REPLY,
    samples={"ticket": "T-104", "summary": "The lift is stuck", "name": "Ana Souza"},
    bodies={
        "en": "👍 {{ticket}} is yours: “{{summary}}”. {{name}} has been told. "
              "Answer this message to write to them; tap Resolve when it is done.",
        "pt-br": "👍 O {{ticket}} é seu: “{{summary}}”. Já avisamos {{name}}. "
                 "Responda a esta mensagem para falar com a pessoa; toque em Resolver quando terminar.",
        "es": "👍 El {{ticket}} es tuyo: «{{summary}}». Ya avisamos a {{name}}. "
              "Responde a este mensaje para escribirle; toca Resolver cuando esté listo.",
    },
    buttons={"en": {"resolve": "Resolve"}, "pt-br": {"resolve": "Resolver"}, "es": {"resolve": "Resolver"}},
))  # fmt: skip

TAKEN = declare(Kind(
    name="ticket.taken", title=_("Somebody takes care of it"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={"ticket": "T-104", "summary": "The lift is stuck", "name": "Bia Lima"},
    bodies={
        "en": "🛠️ {{name}} is looking after {{ticket}}, “{{summary}}”. Answer this message to write to them.",
        "pt-br": "🛠️ {{name}} está cuidando do {{ticket}}, “{{summary}}”. Responda a esta mensagem para falar com a pessoa.",
        "es": "🛠️ {{name}} se ocupa del {{ticket}}, «{{summary}}». Responde a este mensaje para escribirle.",
    },
))  # fmt: skip

COMMENTED = declare(Kind(
    name="ticket.commented", title=_("Reporter wrote about a ticket"), klass=Klass.WORK, lane=Lane.NOTICE,
    samples={"ticket": "T-104", "name": "Ana Souza", "text": "It has begun to smoke."},
    bodies={
        "en": "💬 {{name}} about {{ticket}}:\n“{{text}}”\nAnswer this message to reply.",
        "pt-br": "💬 {{name}} sobre o {{ticket}}:\n“{{text}}”\nResponda a esta mensagem para conversar.",
        "es": "💬 {{name}} sobre el {{ticket}}:\n«{{text}}»\nResponde a este mensaje para contestar.",
    },
))  # fmt: skip

ANSWERED = declare(Kind(
    name="ticket.answered", title=_("Answer about a report"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={"ticket": "T-104", "name": "Bia Lima", "text": "I am on my way."},
    bodies={
        "en": "💬 {{name}} about your report {{ticket}}:\n“{{text}}”\nAnswer this message to reply.",
        "pt-br": "💬 {{name}} sobre o seu chamado {{ticket}}:\n“{{text}}”\nResponda a esta mensagem para conversar.",
        "es": "💬 {{name}} sobre tu aviso {{ticket}}:\n«{{text}}»\nResponde a este mensaje para contestar.",
    },
))  # fmt: skip

PHOTO = declare(
    Kind(
        name="ticket.photo", title=_("File of a ticket"), klass=Klass.WORK, lane=Lane.NOTICE, samples={"text": "T-104"}
    )
)

REPLY_PHOTO = declare(
    Kind(
        name="ticket.reply_photo",
        title=_("File with an answer about a report"),
        klass=Klass.MY_REQUESTS,
        lane=Lane.NOTICE,
        samples={"text": "T-104"},
    )
)

RESOLVED = declare(Kind(
    name="ticket.resolved", title=_("Report resolved"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={"ticket": "T-104", "summary": "The lift is stuck", "name": "Bia Lima", "text": "New fuse fitted."},
    bodies={
        "en": "✅ {{name}} has resolved {{ticket}}, “{{summary}}”:\n“{{text}}”\nIf it is not right yet, answer this message.",
        "pt-br": "✅ {{name}} resolveu o {{ticket}}, “{{summary}}”:\n“{{text}}”\n"
                 "Se ainda não estiver certo, responda a esta mensagem.",
        "es": "✅ {{name}} resolvió el {{ticket}}, «{{summary}}»:\n«{{text}}»\nSi aún no está bien, responde a este mensaje.",
    },
))  # fmt: skip
