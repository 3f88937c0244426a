"""Two workers that learn of the same template at once: one row, and the newest word wins."""

from datetime import timedelta

import pytest
from django.conf import settings

from apps.core import clock
from apps.providers import keeping, services
from apps.providers.models import Approval, Translation
from apps.providers.types import RemoteTemplate, TemplateChanged
from tests.factories import make_account
from tests.providers.templating import (
    ASKED,
    BASE,
    only_this_kind,  # noqa: F401 - fixture
)
from tests.racing import race

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite in memory is one connection"
    ),
]


def test_the_first_row_of_a_translation_is_written_once() -> None:
    account = make_account(base_url=BASE, remote_id="waba")
    remote = RemoteTemplate("t-en", "test_asked", "en", "UTILITY", "APPROVED", body=ASKED.bodies["en"])
    for _round in range(10):
        Approval.objects.all().delete()
        row = Translation.objects.select_related("template").get(language="en")

        def work(row: Translation = row) -> None:
            keeping.keep(account=account, translation=row, remote=remote, asked_at=clock.now())

        race(*[work] * 4)
        assert Approval.objects.count() == 1


def test_webhooks_of_two_workers_leave_the_newest() -> None:
    account = make_account(base_url=BASE, remote_id="waba")
    row = Translation.objects.select_related("template").get(language="en")
    remote = RemoteTemplate("t-en", "test_asked", "en", "UTILITY", "APPROVED", body=ASKED.bodies["en"])
    now = clock.now()
    for _round in range(10):
        Approval.objects.all().delete()
        keeping.keep(account=account, translation=row, remote=remote, asked_at=now)
        events = [
            TemplateChanged("t-en", "", "en", "state", {"event": word}, now + timedelta(minutes=5, seconds=seconds))
            for seconds, word in enumerate(["PAUSED", "APPROVED", "PAUSED", "DISABLED"])
        ]
        works = [lambda event=event: services.apply_template_change(account=account, event=event) for event in events]
        race(*works)
        assert Approval.objects.get().state == Approval.State.DISABLED
