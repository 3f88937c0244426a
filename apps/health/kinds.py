"""What the house says about itself, to those who keep it running."""

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

TEMPLATES_CHANGED = declare(Kind(
    name="templates.changed", title=_("Templates changed at WhatsApp"), klass=Klass.WORK, lane=Lane.NOTICE,
    samples={"templates": "ticket.offered (English)", "what": "paused", "waiting": "3",
             "link": "https://recado.example.com/admin/providers/messagetemplate/?at=trouble"},
    bodies={
        "en": "⚠️ Something has changed at WhatsApp with the wording {{templates}}, which is now: {{what}}. "
              "Messages that wait for it: {{waiting}}. Everything else goes on. "
              "See why, and edit the text, on the portal under {{link}} when you have a moment.",
        "pt-br": "⚠️ Algo mudou no WhatsApp com o texto {{templates}}, que agora está assim: {{what}}. "
                 "Mensagens que esperam por ele: {{waiting}}. Todo o resto continua. "
                 "Veja o motivo e edite o texto no portal em {{link}} quando puder.",
        "es": "⚠️ Algo ha cambiado en WhatsApp con el texto {{templates}}, que ahora está así: {{what}}. "
              "Mensajes que lo esperan: {{waiting}}. Todo lo demás sigue. "
              "Mira por qué, y edita el texto, en el portal en {{link}} cuando puedas.",
    },
    buttons={
        "en": {"knock": "Knock meanwhile", "wait": "Let them wait"},
        "pt-br": {"knock": "Avisar antes", "wait": "Deixar esperar"},
        "es": {"knock": "Avisar antes", "wait": "Dejar en espera"},
    },
))  # fmt: skip

ACCOUNT_ALERT = declare(Kind(
    name="health.account_alert", title=_("Alarm about a WhatsApp account"), klass=Klass.WORK, lane=Lane.URGENT,
    samples={"account": "Padaria Aurora", "what": "WhatsApp has banned this account."},
    bodies={
        "en": "⚠️ About the WhatsApp account {{account}}: {{what}}\nPlease open its page in Recado now.",
        "pt-br": "⚠️ Sobre a conta do WhatsApp {{account}}: {{what}}\nPor favor, abra agora a página dela no Recado.",
        "es": "⚠️ Sobre la cuenta de WhatsApp {{account}}: {{what}}\nPor favor, abre ahora su página en Recado.",
    },
))  # fmt: skip
