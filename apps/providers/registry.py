"""Kind to adapter: one line each."""

from apps.core.errors import Misconfigured
from apps.providers.base import Credentials, WhatsAppProvider
from apps.providers.meta_cloud.provider import MetaCloud
from apps.providers.models import Account

PROVIDERS: dict[str, type[WhatsAppProvider]] = {"meta_cloud": MetaCloud}


def provider_for(account: Account) -> WhatsAppProvider:
    """The adapter of an account, with its credentials. Raises Misconfigured for a kind nobody knows."""
    try:
        cls = PROVIDERS[account.kind]
    except KeyError:
        raise Misconfigured(f"No carrier is called “{account.kind}”.") from None
    return cls(
        Credentials(
            base_url=account.base_url.rstrip("/"),
            remote_id=account.remote_id,
            access_token=account.access_token,
            secrets=[secret for secret in (account.app_secret, account.previous_app_secret) if secret],
            verify_token=account.verify_token,
        )
    )
