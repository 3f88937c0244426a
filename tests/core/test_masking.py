"""Tokens of web links never reach the log, and a careless line of it never breaks what it tells of."""

import logging
from typing import Any

import pytest

from apps.core.masking import MaskTokens

TOKEN = "w1.a." + "0" * 32 + "." + "f" * 22


def line(msg: Any, *args: Any) -> logging.LogRecord:
    return logging.LogRecord("recado", logging.INFO, __file__, 1, msg, args, None)


def test_a_token_is_taken_out_wherever_it_stands() -> None:
    for record in (line(f"Not Found: /f/{TOKEN}/"), line("Not Found: %s", f"/f/{TOKEN}/"), line({"path": TOKEN})):
        assert MaskTokens().filter(record)
        assert TOKEN not in record.getMessage()
        assert "•••" in record.getMessage()


class Shy:
    def __str__(self) -> str:
        raise RuntimeError("nothing to say")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("msg", "args"),
    [("%s of %s", ("one",)), ("%d rows", ("many",)), ("none", ("too many",)), ("%(a)s", ("x",)), (Shy(), ()), ("%s", (Shy(),))],
)  # fmt: skip
def test_a_line_that_cannot_be_put_together_is_let_through(msg: Any, args: tuple[Any, ...]) -> None:
    record = line(msg, *args)
    assert MaskTokens().filter(record)
    assert "cannot be put together" in record.getMessage()


def test_a_token_in_a_line_that_cannot_be_put_together_is_taken_out() -> None:
    record = line("%s and %s", TOKEN)
    assert MaskTokens().filter(record)
    assert TOKEN not in f"{record.msg}{record.args}"
    assert "•••" in record.getMessage()
