"""Due moments of a dialogue. Neither completes anything."""

from apps.conversations import dialogue
from apps.timers.models import Timer
from apps.timers.registry import handles


@handles(dialogue.TIMEOUT_TIMER)
def dialogue_timeout(timer: Timer) -> None:
    dialogue.time_out(dialogue_id=timer.data["dialogue_id"], cause=f"t{timer.pk}")


@handles(dialogue.ALBUM_TIMER)
def album_settled(timer: Timer) -> None:
    dialogue.album_settled(dialogue_id=timer.data["dialogue_id"], cause=f"t{timer.pk}")
