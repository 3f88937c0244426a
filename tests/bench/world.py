"""A company to measure with: made in bulk, inside a child that has the product's settings (`django.setup()` first)."""

from datetime import timedelta

from apps.contacts.models import Consent, Contact, Window
from apps.conversations.models import Conversation
from apps.core import clock
from apps.people.models import Employee
from apps.providers.models import Account, Approval, Number, Portfolio, Translation
from apps.providers.services import sync_kinds
from apps.providers.wording import placeholders

CLASSES = ("work", "reminder", "announcement")
CHUNK = 2000


def account(base_url: str, *, tier: int | None = None, per_second: int = 1000, secret: str = "secret") -> Number:
    """Portfolio, account and default number, every shipped wording approved; returns the number."""
    portfolio = Portfolio.objects.create(name="Bench", tier=tier)
    made = Account.objects.create(
        portfolio=portfolio, name="Bench", remote_id="200000000000001", base_url=base_url, hook_key="bench",
        access_token="token", app_secret=secret, verify_token="verify",
    )  # fmt: skip
    sync_kinds()
    Approval.objects.bulk_create(
        Approval(
            translation=one, account=made, remote_id=f"tpl-{one.pk}", name=one.template.kind.replace(".", "_"),
            remote_language=one.language.replace("-", "_"), state=Approval.State.APPROVED, body=one.body,
            parameters=placeholders(one.body), buttons=list(one.buttons),
        )
        for one in Translation.objects.select_related("template")
    )  # fmt: skip
    return Number.objects.create(
        account=made, remote_id="100000000000001", phone="+5511300000001", is_default=True, per_second=per_second
    )


def people(number: Number, count: int, *, open_share: float = 1.0, first: int = 1) -> list[Contact]:
    """`count` employees with a proved address and every consent; the first `open_share` of them wrote just now."""
    made: list[Contact] = []
    for start in range(first, first + count, CHUNK):
        numbers = range(start, min(start + CHUNK, first + count))
        employees = Employee.objects.bulk_create(
            Employee(number=f"B{n:07}", name=f"Person {n}", phone=f"+55119{n:08}", language="en") for n in numbers
        )
        made += Contact.objects.bulk_create(Contact(employee=one, phone=one.phone) for one in employees)
    now, wrote = clock.now(), made[: round(count * open_share)]
    Consent.objects.bulk_create(
        (Consent(contact=one, klass=klass, is_given=True, wording="Yes", source="bench")
         for one in made for klass in CLASSES), batch_size=CHUNK,
    )  # fmt: skip
    Window.objects.bulk_create(
        (Window(number=number, contact=one, last_inbound_at=now - timedelta(hours=1)) for one in wrote),
        batch_size=CHUNK,
    )
    Conversation.objects.bulk_create((Conversation(contact=one, number=number) for one in made), batch_size=CHUNK)
    return made
