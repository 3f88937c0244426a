"""What must not be deployed."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, register


def is_loopback(host: str) -> bool:
    """Whether only this machine can mean `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@register(Tags.security, deploy=True)
def sandbox_stays_at_home(app_configs: Any, **kwargs: Any) -> list[Error]:
    """The sandbox's phones have no login and its clock can be wound: never on an address that others can reach."""
    if not settings.SANDBOX:
        return []
    hosts = {*settings.ALLOWED_HOSTS, urlsplit(settings.BASE_URL).hostname or ""}
    public = sorted(host for host in hosts if not is_loopback(host))
    if not public:
        return []
    return [Error(f"SANDBOX=1 meets a public host ({', '.join(public)}).", hint="Unset SANDBOX.", id="recado.E001")]
