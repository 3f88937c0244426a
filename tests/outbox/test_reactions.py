"""Held messages leave by themselves when their reason is gone: journal entry, reaction, sweep, dispatcher."""

import pytest

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.core import clock
from apps.journal import reactor, sealer
from apps.journal.actors import SYSTEM
from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.outbox.sending import dispatcher, sweeper
from apps.providers import services as providers
from apps.providers.models import Approval, Number
from apps.providers.types import TemplateChanged
from tests.factories import make_contact, make_employee
from tests.outbox.conftest import YES_NO, Say, fresh
from tests.outbox.graph import Graph

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


def let_it_sink_in() -> None:
    sealer.seal_pending()
    reactor.run_all()
    sweeper.sweep()
    dispatcher.run()


def test_a_yes_releases_what_waited_for_it(graph: Graph, number: Number, say: Say) -> None:
    contact = make_contact(make_employee(), consents=(), last_inbound_at=clock.now(), number=number)
    message = say(contact, kind="test.asked", buttons=YES_NO)
    assert message.held_reason == reasons.NO_CONSENT
    contacts.give_consent(contact=contact, klass="work", wording="Yes", source="test", by=SYSTEM)
    let_it_sink_in()
    assert fresh(message).state == State.SENT


def test_stop_holds_and_start_releases(graph: Graph, ana: Contact, say: Say) -> None:
    contacts.stop(contact=ana, wording="STOP", proof="wamid.1")
    message = say(ana, kind="test.asked", buttons=YES_NO)
    essential = say(ana, "Your own request")
    assert (message.held_reason, essential.state) == (reasons.STOPPED, State.QUEUED)
    contacts.start(contact=ana, wording="START", proof="wamid.2")
    let_it_sink_in()
    assert fresh(message).state == State.SENT


def test_resuming_an_account_sends_all_that_waited(graph: Graph, number: Number, ana: Contact, say: Say) -> None:
    before = say(ana)
    providers.break_account(account=number.account, reason="The token is old.")
    after = say(ana)
    assert (before.state, after.held_reason) == (State.QUEUED, reasons.ACCOUNT_PAUSED)
    dispatcher.run()
    assert graph.accepted == []
    providers.resume_account(account=number.account, by=SYSTEM)
    let_it_sink_in()
    dispatcher.run()
    assert {fresh(before).state, fresh(after).state} == {State.SENT}


def test_an_approved_template_leaves_at_once(graph: Graph, number: Number, bia: Contact, say: Say) -> None:
    Approval.objects.update(state=Approval.State.PENDING)
    message = say(bia, kind="test.asked", buttons=YES_NO)
    assert message.held_reason == reasons.TEMPLATE_PENDING
    change = TemplateChanged(remote_id="", name="test_asked", language="en", what="state", values={"event": "APPROVED"})
    assert providers.apply_template_change(account=number.account, event=change)
    let_it_sink_in()
    assert graph.texts() == ["template test_asked"]
    assert fresh(message).state == State.SENT
