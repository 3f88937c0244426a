"""The 24-hour customer service window. Pure.

Meta, "Send messages": for 24 hours from the person's last message anything may be sent; afterwards approved templates only.
"""

from datetime import datetime, timedelta

LENGTH = timedelta(hours=24)


def closes_at(last_inbound_at: datetime | None) -> datetime | None:
    """When the window closes or closed; None when the person never wrote."""
    return last_inbound_at + LENGTH if last_inbound_at else None


def is_open(last_inbound_at: datetime | None, now: datetime) -> bool:
    end = closes_at(last_inbound_at)
    return end is not None and now < end
