"""What messages are called on the screens: a title in the reader's language, never a code."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.providers import services
from apps.providers.kinds import kinds, title_of, titled
from apps.providers.models import MessageTemplate
from apps.providers.policy import faults_of_wording
from tests.factories import make_user

OURS = {"drill", "test", "bench"}
"""First words of kinds that only tests declare."""


def test_every_message_of_the_house_has_a_title() -> None:
    assert [name for name, kind in kinds if not kind.title and name.split(".")[0] not in OURS] == []


def test_every_shipped_wording_of_the_house_can_be_approved() -> None:
    for name, kind in kinds:
        for language, body in kind.bodies.items():
            assert faults_of_wording(body, kind.buttons.get(language, {}), variables=set(kind.samples)) == [], name
    assert len(dict(kinds)) > 20, "the house's own, not a test's"


def test_a_title_is_said_and_searched_in_the_reader_s_language() -> None:
    with translation.override("pt-br"):
        assert title_of("request.asked") == "Decisão pedida"
        assert "request.asked" in titled("decisão PED")
        assert titled("  ") == []
    assert title_of("gone.with_an_old_release") == "gone.with_an_old_release"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words", "title"), [("en", "asked for", "Decision asked for"),
                                                         ("es", "pedida", "Decisión pedida")])  # fmt: skip
def test_the_list_of_wordings_finds_by_title(language: str, words: str, title: str) -> None:
    services.sync_kinds()
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(roles=["HR"]))
    page = client.get(reverse("admin:providers_messagetemplate_changelist"), {"q": words}).content.decode()
    with translation.override(language):
        others = str(MessageTemplate.objects.get(kind="request.approved"))
    assert title in page
    assert others not in page
