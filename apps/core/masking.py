"""What must be read by nobody but its person, taken out of a text: the tokens of web links (apps.web). Pure."""

import logging
import re

_TOKEN = re.compile(r"\bw1\.[0-9a-z]+\.[0-9a-f]{32}\.[0-9a-f]{22}\b")


def masked(text: str) -> str:
    """
    >>> masked("/f/w1.a." + "0" * 32 + "." + "f" * 22 + "/")
    '/f/•••/'
    """
    return _TOKEN.sub("•••", text) if "w1." in text else text


class MaskTokens(logging.Filter):
    """On every handler of the log: an address with a token in it is a key, and Django logs the address of whatever failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except Exception:  # the call itself is at fault: it must break neither what it tells of nor the mask
            record.msg, record.args = _as_it_came(record), ()
            text = record.msg
        if "w1." in text:
            record.msg, record.args = masked(text), ()
        return True


def _as_it_came(record: logging.LogRecord) -> str:
    try:
        said = f"{record.msg!r} {record.args!r}"
    except Exception:  # not even that can be shown
        said = f"{record.pathname}:{record.lineno}"
    return f"A line of the log that cannot be put together: {said}"
