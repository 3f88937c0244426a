"""A due moment of a link: its time is over."""

from apps.timers.models import Timer
from apps.timers.registry import handles
from apps.web import uploads
from apps.web.models import Link


@handles(uploads.OVER_TIMER)
def forget_uploads(timer: Timer) -> None:
    link = Link.objects.select_related("button").filter(pk=timer.data["link"]).first()
    if link is not None and not link.is_used:
        uploads.forget(link=link)
