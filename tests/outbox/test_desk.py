"""What operators see and press."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.contacts.models import Contact
from apps.core import clock
from apps.core.errors import MoveNotAllowedError, NotPermittedError
from apps.journal.actors import SYSTEM
from apps.outbox import queries, services
from apps.outbox.models import OutboundMessage
from apps.outbox.sending import dispatcher
from apps.people.models import User
from apps.providers.models import Number
from tests.factories import make_employee, make_user
from tests.outbox.conftest import YES_NO, Say, fresh, writer
from tests.outbox.graph import Graph

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db: None) -> User:
    return make_user("operator", roles=["Operator"])


@pytest.fixture
def unsure(graph: Graph, ana: Contact, say: Say) -> OutboundMessage:
    graph.lose_answers(to=ana.phone)
    message = say(ana, "News of today", kind="test.news")
    dispatcher.run()
    graph.heal()
    return fresh(message)


def page(message: OutboundMessage, action: str = "") -> str:
    name = "admin:outbox_outboundmessage_" + (action or "change")
    return reverse(name, args=[message.pk])


def test_retrying_cancelling_and_resending_need_the_permission(unsure: OutboundMessage) -> None:
    nobody = make_user("nobody")
    for verb in (services.retry, services.cancel, services.resend):
        with pytest.raises(NotPermittedError):
            verb(message=unsure, by=nobody)
    assert fresh(unsure).state == State.UNSURE


def test_a_resend_by_hand_goes_out_and_is_counted(graph: Graph, unsure: OutboundMessage, operator: User) -> None:
    services.resend(message=unsure, by=operator)
    dispatcher.run()
    assert (fresh(unsure).state, fresh(unsure).is_resend) == (State.SENT, True)
    assert list(queries.resent()) == [unsure]
    with pytest.raises(MoveNotAllowedError):
        services.resend(message=unsure, by=operator)


def test_a_failed_message_is_retried_with_all_its_tries(graph: Graph, ana: Contact, say: Say) -> None:
    graph.refuse(131009, times=1)
    message = say(ana)
    dispatcher.run()
    services.retry(message=message, by=SYSTEM)
    dispatcher.run()
    assert (fresh(message).state, fresh(message).attempts, message.tries.count()) == (State.SENT, 1, 2)


def test_what_is_sent_cannot_be_cancelled_and_what_is_cancelled_is_not_sent(
    graph: Graph, ana: Contact, say: Say
) -> None:
    message = say(ana)
    services.cancel(message=message, by=SYSTEM)
    dispatcher.run()
    assert graph.accepted == []
    gone = say(ana)
    dispatcher.run()
    with pytest.raises(MoveNotAllowedError):
        services.cancel(message=gone, by=SYSTEM)


def test_the_list_answers_the_questions_of_a_bad_day(
    client: Client, operator: User, unsure: OutboundMessage, bia: Contact, say: Say
) -> None:
    held = say(bia, "Held words")
    OutboundMessage.objects.filter(pk=held.pk).update(created_at=clock.now() - timedelta(minutes=11))
    client.force_login(operator)
    address = reverse("admin:outbox_outboundmessage_changelist")
    shown = {
        question: client.get(address, {"show": question}).context["cl"].result_count
        for question in ("unsure", "held", "failed", "long", "resent")
    }
    assert shown == {"unsure": 1, "held": 1, "failed": 0, "long": 1, "resent": 0}
    assert "24 hours are over" in client.get(address).content.decode()


def test_the_page_shows_the_bubble_the_tries_and_only_the_buttons_that_work(
    client: Client, operator: User, unsure: OutboundMessage, ana: Contact, say: Say
) -> None:
    client.force_login(operator)
    text = client.get(page(unsure)).content.decode()
    assert "News: News of today" in text
    assert "no answer came" in text
    assert page(unsure, "resend") in text
    assert page(unsure, "retry") not in text
    asked = say(ana, "a <b>chair</b>", kind="test.asked", buttons=YES_NO)
    text = client.get(page(asked)).content.decode()
    assert "a &lt;b&gt;chair&lt;/b&gt;" in text
    assert ">Yes<" in text
    assert page(asked, "cancel") in text


def test_a_button_on_the_page_does_what_it_says(
    client: Client, operator: User, unsure: OutboundMessage, graph: Graph
) -> None:
    client.force_login(operator)
    client.get(page(unsure, "resend"))
    assert fresh(unsure).state == State.UNSURE  # a link preview presses nothing
    answer = client.post(page(unsure, "resend"), follow=True)
    assert "Sent again" in answer.content.decode()
    assert fresh(unsure).state == State.QUEUED


def test_a_viewer_without_the_permission_has_no_buttons(client: Client, unsure: OutboundMessage) -> None:
    viewer = make_user("viewer")
    codes = ["view_outboundmessage", "view_all_employees"]
    viewer.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client.force_login(viewer)
    text = client.get(page(unsure)).content.decode()
    assert page(unsure, "cancel") not in text
    client.post(page(unsure, "cancel"))
    assert fresh(unsure).state == State.UNSURE


def test_a_manager_sees_the_messages_of_their_own_people_only(number: Number, say: Say) -> None:
    manager = make_employee("Manager")
    user = make_user("manager", employee=manager)
    own = say(writer(number, "Own", manager=manager))
    say(writer(number, "Other"))
    assert list(queries.visible_to(user)) == [own]


def test_a_message_is_found_by_the_wamid_of_any_of_its_tries(graph: Graph, ana: Contact, say: Say) -> None:
    message = say(ana)
    dispatcher.run()
    wamid = fresh(message).remote_id
    OutboundMessage.objects.filter(pk=message.pk).update(remote_id="wamid.later")
    assert queries.by_remote_id(wamid) == queries.by_remote_id("wamid.later") == message
    assert queries.by_remote_id("") is None
    assert list(queries.about(ana)) == []
