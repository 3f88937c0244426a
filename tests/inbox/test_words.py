import pytest

from apps.inbox.words import Word, short_code, whole_word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("STOP", Word.STOP), ("Parar!", Word.STOP), (" sair ", Word.STOP), ("BAJA", Word.STOP), ("start", Word.START),
        ("Menu", Word.MENU), ("olá", Word.MENU), ("¡Hola!", Word.MENU), ("Menú", Word.MENU), ("cancelar", Word.CANCEL),
    ],
)  # fmt: skip
def test_a_single_word_counts_however_a_thumb_writes_it(text: str, word: Word) -> None:
    assert whole_word(text) is word


@pytest.mark.parametrize(
    "text", ["", "stop the line", "please cancel my order", "pare de pingar", "menu 2", "stop " * 20]
)
def test_a_word_inside_a_sentence_is_not_a_command(text: str) -> None:
    assert whole_word(text) is None


def test_short_codes() -> None:
    assert short_code("T-104 still dripping") == ("T", "104", "still dripping")
    assert short_code("r-7") == ("R", "7", "")
    assert short_code("the T-104") is None
    assert short_code("COVID-19 in my team") is None
