"""Phone numbers: one spelling for all of them, and the few countries where WhatsApp spells them in another way. Pure."""

import re

import phonenumbers
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError

_ALLOWED = re.compile(r"^[\d\s+().\-/]+$")
_BRAZIL_MOBILE = re.compile(r"^\+55(\d\d)9([6-9]\d{7})$")
_BRAZIL_MOBILE_OLD = re.compile(r"^\+55(\d\d)([6-9]\d{7})$")
_BRAZIL = re.compile(r"^\+55\d{10,11}$")
_MEXICO = re.compile(r"^\+52(\d{10})$")
_MEXICO_OLD = re.compile(r"^\+521(\d{10})$")
_ARGENTINA_MOBILE = re.compile(r"^\+549(\d{10})$")
_ARGENTINA = re.compile(r"^\+54(\d{10})$")


def normalise(text: str, region: str = "BR") -> str:
    """The number as +E.164, from any spelling used in `region` or with a country code.

    Mobile numbers get the form of today: the ninth digit in Brazil, no 1 in Mexico. Raises InvalidInputError with a
    sentence in the active language.
    """
    spelled = text.strip()
    if not _ALLOWED.match(spelled):
        raise _invalid(text)
    is_international = spelled.startswith(("+", "00"))
    if spelled.startswith("00"):
        spelled = "+" + spelled[2:]
    try:
        parsed = phonenumbers.parse(spelled, region)
    except phonenumbers.NumberParseException as error:
        raise _invalid(text) from error
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    number = _today(written)
    if number != written:
        parsed = phonenumbers.parse(number)
    # Written with a country code a number may be newer than our tables; a local spelling is a guess and must fit them.
    if is_international:
        is_good = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    else:
        is_good = phonenumbers.is_valid_number(parsed)
    if not is_good or (number.startswith("+55") and not _BRAZIL.match(number)):
        raise _invalid(text)
    return number


def variants(e164: str) -> list[str]:
    """All spellings under which WhatsApp may know this number, the given one first.

    Meta still names some people by the spelling of the year they signed up: Brazilian mobiles without the ninth digit,
    Mexican ones with a 1 after the country code, Argentine ones without the 9.
    """
    for pattern, other in (
        (_BRAZIL_MOBILE, r"+55\1\2"),
        (_BRAZIL_MOBILE_OLD, r"+55\g<1>9\2"),
        (_MEXICO_OLD, r"+52\1"),
        (_MEXICO, r"+521\1"),
        (_ARGENTINA_MOBILE, r"+54\1"),
        (_ARGENTINA, r"+549\1"),
    ):
        if pattern.match(e164):
            return [e164, pattern.sub(other, e164)]
    return [e164]


def _today(number: str) -> str:
    number = _BRAZIL_MOBILE_OLD.sub(r"+55\g<1>9\2", number)
    return _MEXICO_OLD.sub(r"+52\1", number)


def _invalid(text: str) -> InvalidInputError:
    return InvalidInputError(
        _("“%(text)s” is not a phone number. Write it with the country code, like +55 11 91234-5678.")
        % {"text": text.strip()[:40]}
    )
