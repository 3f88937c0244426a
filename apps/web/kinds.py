"""What these pages say on WhatsApp."""

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

DECIDE = declare(Kind(
    name="web.decide", title=_("Link to a decision"), klass=Klass.WORK, lane=Lane.REPLY,
    samples={"request": "R-12", "minutes": "30", "link": "https://portal.example.com/f/w1.1.abc.def/"},
    bodies={
        "en": "🔐 {{request}} is too large to be decided here. Look at it and decide on this page, within {{minutes}} minutes: "
              "{{link}}\nThe link is yours alone: do not pass it on.",
        "pt-br": "🔐 {{request}} é um valor alto demais para ser decidido aqui. Veja e decida nesta página, em até {{minutes}} "
                 "minutos: {{link}}\nO link é só seu: não o repasse.",
        "es": "🔐 {{request}} es demasiado alto para decidirse aquí. Míralo y decide en esta página, en {{minutes}} minutos como "
              "máximo: {{link}}\nEl enlace es solo tuyo: no lo reenvíes.",
    },
))  # fmt: skip

FILED = declare(Kind(
    name="web.filed", title=_("Filed on somebody’s behalf"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE,
    samples={"code": "R-12", "what": "Taxi to the airport", "name": "Ana Souza"},
    bodies={
        "en": "📋 {{name}} has filed {{code}} for you: {{what}}. If that is wrong, please tell HR.",
        "pt-br": "📋 {{name}} registrou {{code}} para você: {{what}}. Se estiver errado, avise o RH.",
        "es": "📋 {{name}} ha registrado {{code}} en tu nombre: {{what}}. Si hay algún error, avisa a RR. HH.",
    },
))  # fmt: skip
