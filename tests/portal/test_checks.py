"""`check --deploy` refuses a sandbox that others can reach."""

from typing import Any

import pytest

from portal.checks import sandbox_stays_at_home


@pytest.mark.parametrize("host", ["recado.example", "0.0.0.0", "192.168.0.7", "*"])  # noqa: S104
def test_a_sandbox_on_a_public_host_is_an_error(settings: Any, host: str) -> None:
    settings.SANDBOX, settings.ALLOWED_HOSTS = True, [host]
    assert [error.id for error in sandbox_stays_at_home(None)] == ["recado.E001"]


def test_a_public_base_url_counts_too(settings: Any) -> None:
    settings.SANDBOX, settings.BASE_URL = True, "https://recado.example"
    assert sandbox_stays_at_home(None)


def test_a_sandbox_at_home_is_fine(settings: Any) -> None:
    settings.SANDBOX, settings.ALLOWED_HOSTS, settings.BASE_URL = True, ["127.0.0.1", "localhost"], "http://[::1]:8000"
    assert sandbox_stays_at_home(None) == []


def test_without_a_sandbox_any_host_is_fine(settings: Any) -> None:
    settings.SANDBOX, settings.ALLOWED_HOSTS = False, ["recado.example"]
    assert sandbox_stays_at_home(None) == []
