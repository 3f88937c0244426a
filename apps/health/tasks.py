from apps.core.tasks import task
from apps.health import pulse
from apps.providers import checkup
from apps.providers.models import Account


@task("health.pulse", time_limit=20)
def beat(**_: object) -> None:
    """A worker says that it lives."""
    pulse.beat()


@task("health.check_accounts", time_limit=300)
def check_accounts(**_: object) -> int:
    """Every account's checklist: a token that ends soon and a quality that falls are seen before people notice."""
    accounts = list(Account.objects.exclude(state=Account.State.PAUSED).order_by("pk"))
    for account in accounts:
        checkup.run(account=account)
    return len(accounts)
