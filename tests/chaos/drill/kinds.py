"""What the drills say: one kind per lane that they use, so that each can be an approved template."""

from apps.providers.kinds import Kind, Klass, Lane, declare

BODIES = {
    "en": "Note {{text}} is for you.",
    "pt-br": "O aviso {{text}} é para você.",
    "es": "El aviso {{text}} es para usted.",
}

for lane, klass in ((Lane.URGENT, Klass.WORK), (Lane.NOTICE, Klass.WORK), (Lane.BULK, Klass.WORK)):
    declare(Kind(name=f"drill.{lane.value}", klass=klass, lane=lane, samples={"text": "7"}, bodies=BODIES))
