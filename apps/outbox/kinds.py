"""What the outbox says by itself: that a text waits."""

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

KNOCK = declare(Kind(
    # The class and the lane of each knock are those of the text that it is for: see `knocking`.
    name="outbox.knock", title=_("Knock: something waits for you"), klass=Klass.WORK, lane=Lane.NOTICE, samples={"who": "Ana Souza", "about": "T-104"},
    bodies={
        "en": "✉️ {{who}} wrote to you about {{about}}. Tap Read and the message comes here.",
        "pt-br": "✉️ {{who}} escreveu para você sobre {{about}}. Toque em Ler e a mensagem chega aqui.",
        "es": "✉️ {{who}} te escribió sobre {{about}}. Toca Leer y el mensaje llega aquí.",
    },
    buttons={"en": {"read": "Read"}, "pt-br": {"read": "Ler"}, "es": {"read": "Leer"}},
))  # fmt: skip
