import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from apps.core import encryption


def test_a_secret_survives_the_round_trip_and_is_not_readable_at_rest() -> None:
    token = encryption.encrypt("EAAG-token")
    assert "EAAG" not in token
    assert encryption.decrypt(token) == "EAAG-token"


def test_an_old_key_still_reads_while_keys_rotate() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    with override_settings(ENCRYPTION_KEYS=[old]):
        token = encryption.encrypt("x")
    with override_settings(ENCRYPTION_KEYS=[new, old]):
        assert encryption.decrypt(token) == "x"


def test_a_lost_key_is_said_and_never_papered_over() -> None:
    token = encryption.encrypt("x")
    with override_settings(ENCRYPTION_KEYS=[Fernet.generate_key().decode()]), pytest.raises(ImproperlyConfigured):
        encryption.decrypt(token)


def test_signatures_of_two_purposes_differ() -> None:
    assert encryption.signature("button", "1") != encryption.signature("status", "1")
