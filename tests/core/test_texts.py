"""Names and other single lines: nothing hidden is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.texts import one_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana  Lima ", "Ana Lima"),
        ("Ana\x1b\x00\nLima", "Ana Lima"),
        ("\u202eamiL\u200b\ufeff", "amiL"),
        ("\ud83d", ""),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("👩🏽\u200d🔧 Zoë", "👩🏽\u200d🔧 Zoë"),
    ],
)
def test_only_what_can_be_seen_is_kept(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


@given(st.text())
def test_a_line_that_was_made_stays_as_it_is_and_can_be_stored(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert "\x00" not in line
    line.encode()
