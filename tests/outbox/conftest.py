from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.contacts.models import Contact, Window
from apps.core import clock
from apps.core.http import HttpFlights
from apps.outbox import services
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.outbox.sending.dispatcher import conclude
from apps.outbox.sending.preparing import Job
from apps.outbox.sending.saving import Done
from apps.providers.kinds import Kind, Klass, Lane, kinds
from apps.providers.models import Account, Approval, MessageTemplate, Number, Translation
from apps.providers.types import StatusChanged
from tests import registries
from tests.factories import make_account, make_contact, make_employee, make_number, unique
from tests.outbox import graph as edge

ASKED = Kind(
    name="test.asked", klass=Klass.WORK, lane=Lane.APPROVAL, samples={"what": "A chair"},
    bodies={"en": "May we buy {{what}}?", "pt-br": "Podemos comprar {{what}}?"},
    buttons={"en": {"yes": "Yes", "no": "No"}, "pt-br": {"yes": "Sim", "no": "Não"}},
)  # fmt: skip
NEWS = Kind(
    name="test.news", klass=Klass.ANNOUNCEMENT, lane=Lane.BULK, samples={"text": "x"}, bodies={"en": "News: {{text}}"}
)
CHAT = Kind(name="test.chat", klass=Klass.MY_REQUESTS, lane=Lane.REPLY, samples={"text": "x"})
PAGE = Kind(
    name="test.page", klass=Klass.SAFETY, lane=Lane.URGENT, samples={"text": "x"}, bodies={"en": "Alarm: {{text}}"}
)

Say = Callable[..., OutboundMessage]
YES_NO = (ButtonSpec("yes", "test.yes"), ButtonSpec("no", "test.no"))


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds of the tests alone."""
    for kind in (ASKED, NEWS, CHAT, PAGE):
        registries.add(monkeypatch, kinds, kind.name, kind)


@pytest.fixture
def graph() -> Iterator[edge.Graph]:
    with edge.running() as running:
        yield running


@pytest.fixture
def account(db: None, graph: edge.Graph) -> Account:
    return make_account(base_url=graph.base_url)


@pytest.fixture
def number(account: Account) -> Number:
    number = make_number(account, is_default=True)
    approve(account)
    return number


def approve(account: Account) -> None:
    """Our wording with an approval for each, as the sync would have made them."""
    for kind in (ASKED, NEWS, PAGE):
        template, _created = MessageTemplate.objects.get_or_create(kind=kind.name)
        for language, body in kind.bodies.items():
            row, _created = Translation.objects.get_or_create(
                template=template, language=language,
                defaults={"body": body, "buttons": dict(kind.buttons.get(language, {}))},
            )  # fmt: skip
            Approval.objects.create(
                translation=row, account=account, name=kind.name.replace(".", "_"), remote_language=language,
                remote_id=f"{kind.name}-{language}",
                state=Approval.State.APPROVED, body=body, parameters=list(kind.samples),
                buttons=list(kind.buttons.get(language, {})),
            )  # fmt: skip


@pytest.fixture
def ana(number: Number) -> Contact:
    """Wrote a minute ago."""
    return writer(number, "Ana")


@pytest.fixture
def bia(number: Number) -> Contact:
    """Has not written yet."""
    return make_contact(make_employee("Bia"))


def writer(number: Number, name: str = "", **values: Any) -> Contact:
    return make_contact(make_employee(name, **values), last_inbound_at=clock.now(), number=number)


def write_in(contact: Contact, number: Number) -> None:
    """The person writes: their window opens."""
    Window.objects.update_or_create(contact=contact, number=number, defaults={"last_inbound_at": clock.now()})
    services.replan_held(contact=contact)


@pytest.fixture
def say(number: Number) -> Say:
    """Enqueue a chat line; `lane` and the rest are chosen by `kind`."""

    def enqueue(contact: Contact, text: str = "Hello", *, kind: str = "test.chat", **values: Any) -> OutboundMessage:
        values = {"key": f"test:{unique()}", **values}
        return services.enqueue(contact=contact, kind=kind, data={"text": text, "what": text}, number=number, **values)

    return enqueue


def status(
    message: OutboundMessage | None, what: str, *, wamid: str = "", opaque: str = "", **values: Any
) -> StatusChanged:
    return StatusChanged(
        remote_id=wamid or (message.remote_id if message else ""), number_id="", status=what, at=clock.now(),
        opaque=opaque, **values,
    )  # fmt: skip


def fresh(message: OutboundMessage) -> OutboundMessage:
    return OutboundMessage.objects.select_related("contact__employee", "number__account").get(pk=message.pk)


def alone(job: Job) -> Done:
    """Send one job as a dispatcher would, and save nothing: whoever had it dies here."""
    flights = HttpFlights(most=1)
    try:
        flights.start(job.request(), job)
        while True:
            for landed in flights.land(10):
                return conclude(landed)
    finally:
        flights.close()
