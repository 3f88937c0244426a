"""Kind to adapter: one line each."""

from functools import lru_cache

from apps.core.errors import Misconfigured
from apps.providers.base import Credentials, WhatsAppProvider
from apps.providers.meta_cloud.provider import MetaCloud
from apps.providers.models import Account

PROVIDERS: dict[str, type[WhatsAppProvider]] = {"meta_cloud": MetaCloud}


def provider_for(account: Account) -> WhatsAppProvider:
    """The adapter of an account, with its credentials. Raises Misconfigured for a kind nobody knows."""
    if account.kind not in PROVIDERS:
        raise Misconfigured(f"No carrier is called “{account.kind}”.")
    return _adapter(
        account.kind,
        Credentials(
            base_url=account.base_url.rstrip("/"),
            remote_id=account.remote_id,
            access_token=account.access_token,
            secrets=tuple(secret for secret in (account.app_secret, account.previous_app_secret) if secret),
            verify_token=account.verify_token,
        ),
    )


@lru_cache(maxsize=64)
def _adapter(kind: str, credentials: Credentials) -> WhatsAppProvider:
    """Kept, so that its connections stay open; other credentials make another adapter."""
    return PROVIDERS[kind](credentials)
