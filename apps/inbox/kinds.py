"""What inbox says on its own account: to somebody whom HR has confirmed after the 24 hours were over."""

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

CONFIRMED = declare(Kind(
    name="contact.confirmed", title=_("Phone confirmed by HR"), klass=Klass.MY_REQUESTS, lane=Lane.NOTICE, samples={"name": "Ana", "company": "Aurora"},
    bodies={
        "en": "👋 Hello {{name}}, HR at {{company}} has confirmed your phone: you are connected now. "
              "Tap the button below to say which messages you want to get here.",
        "pt-br": "👋 Olá, {{name}}! O RH de {{company}} confirmou o seu telefone: agora você está conectado. "
                 "Toque no botão abaixo para dizer quais mensagens quer receber aqui.",
        "es": "👋 Hola, {{name}}: Recursos Humanos de {{company}} confirmó tu teléfono, así que ya estás conectado. "
              "Toca el botón de abajo para decir qué mensajes quieres recibir aquí.",
    },
    buttons={"en": {"ask": "Choose messages"}, "pt-br": {"ask": "Escolher mensagens"}, "es": {"ask": "Elegir mensajes"}},
))  # fmt: skip
