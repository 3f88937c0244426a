"""In which language a stranger is answered: that of the country their phone number is from. Pure."""

from collections.abc import Collection

import phonenumbers

_SPANISH = ("AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT", "HN", "MX", "NI", "PA", "PE", "PR", "PY", "SV",
            "UY", "VE")  # fmt: skip
_PORTUGUESE = ("AO", "BR", "CV", "GW", "MZ", "PT", "ST", "TL")
BY_REGION = {**dict.fromkeys(_SPANISH, "es"), **dict.fromkeys(_PORTUGUESE, "pt-br")}
"""ISO code of a country to the language of the house that is understood there."""


def of_phone(phone: str, *, spoken: Collection[str], otherwise: str) -> str:
    """The language for the country of `phone` (+E.164, or empty where it is hidden) when it is among `spoken`.

    `otherwise` for every other country, and for what is no phone number.

    >>> of_phone("+34612345678", spoken=("en", "es"), otherwise="en")
    'es'
    """
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return otherwise
    # The country code alone does where the number is newer than our tables; +1 is shared, and there it names the USA.
    region = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )
    language = BY_REGION.get(region or "", otherwise)
    return language if language in spoken else otherwise
