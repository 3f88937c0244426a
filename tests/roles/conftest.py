"""One database for all tests of this folder: built once, and whatever a test does is undone after it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.roles import company as companies


@pytest.fixture(scope="package")
def built(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[companies.Company]:
    media: Path = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        yield companies.build()
        transaction.set_rollback(True)


@pytest.fixture
def company(built: companies.Company, db: None) -> companies.Company:
    return built


@pytest.fixture
def undrawn(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.roles.company.Undrawn"]
