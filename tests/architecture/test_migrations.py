"""Models and migrations say the same; the composition root passes Django's own checks."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except SystemExit:
        pytest.fail(f"A model has changed without its migration:\n{capsys.readouterr().out}")


def test_the_system_check_is_silent() -> None:
    call_command("check", fail_level="WARNING")
