"""Codes that nobody confuses, nobody guesses, and that no sentence is mistaken for."""

import pytest

from apps.contacts import codes, policy


def test_a_code_is_the_same_each_time_it_is_made_and_stands_nowhere() -> None:
    code = codes.derive("a" * 32)
    assert codes.derive("a" * 32) == code
    assert len(code) == codes.LENGTH
    assert set(code) <= set(codes.ALPHABET)
    assert code not in codes.digest(code)
    assert codes.derive("b" * 32) != code


def test_every_code_has_a_digit() -> None:
    assert all(any(sign.isdigit() for sign in codes.derive(f"{n:032}")) for n in range(300))


@pytest.mark.parametrize("text", [
    "RECADO-7KQ4-M2XD", "recado-7kq4-m2xd", " Recado 7KQ4 M2XD. ", "RECADO7KQ4M2XD ".replace("O7", "O-7"), "RECADO – 7KQ4 – M2XD",
])  # fmt: skip
def test_the_code_is_read_however_it_is_typed(text: str) -> None:
    assert codes.read(text) == codes.Typed("7KQ4M2XD")


@pytest.mark.parametrize("text", ["RECADO-7KQ4", "recado-7kq4-m2xd-9", "RECADO-0OIL-1111", "RECADO-1"])
def test_what_is_meant_as_a_code_and_is_none_is_told_apart(text: str) -> None:
    assert codes.read(text) == codes.Typed("")


@pytest.mark.parametrize("text", [
    "", "recado", "Recado para Ana", "recado para hoje", "Recado - obrigado", "oi RECADO-7KQ4-M2XD", "RECADO-7KQ4-M2XD obrigado pelo convite",
    "7KQ4-M2XD", "RECADO-" + "7" * 100, "RECADO-7KQ4-M2XD\nstill dripping",
])  # fmt: skip
def test_a_sentence_is_no_code(text: str) -> None:
    found = codes.read(text)
    assert found is None or found.code == ""


def test_a_portuguese_sentence_is_not_answered_as_a_code() -> None:
    assert codes.read("Recado para Ana") is None
    assert codes.read("Recado - obrigado") is None


def test_the_link_opens_the_chat_with_the_code() -> None:
    assert codes.link("+55 (11) 3000-0100", "7KQ4M2XD") == "https://wa.me/551130000100?text=RECADO-7KQ4-M2XD"


@pytest.mark.parametrize(("phone", "record", "another", "proof"), [
    ("+5511987654321", "+551187654321", False, "enough"),
    ("+5215512345678", "+525512345678", False, "enough"),
    ("+5511987654321", "+5511987654322", False, "other_phone"),
    ("+5511987654321", "", False, "other_phone"),
    ("", "+5511987654321", False, "hidden"),
    ("", "", False, "hidden"),
    ("+5511987654321", "+5511987654321", True, "taken"),
])  # fmt: skip
def test_only_the_phone_of_the_record_is_proof(phone: str, record: str, another: bool, proof: str) -> None:
    assert policy.judge(phone=phone, record=record, is_of_another=another) == proof
