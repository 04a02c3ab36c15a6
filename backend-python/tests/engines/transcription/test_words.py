import string

from hypothesis import given
from hypothesis import strategies as st

from scribe.engines.transcription.words import TimedToken, is_punctuation, join_tokens


def tokens(*texts: str) -> list[TimedToken]:
    return [TimedToken(text, index / 2, index / 2 + 0.4, 0.9) for index, text in enumerate(texts)]


def texts(items: list[TimedToken]) -> list[str]:
    return [item.text for item in items]


def test_an_elision_is_one_word() -> None:
    assert texts(join_tokens(tokens(" C", "'est", " l", "'heure"))) == ["C'est", "l'heure"]


def test_a_hyphenated_word_is_one_word() -> None:
    assert texts(join_tokens(tokens(" est", "-ce", " rendez", "-", "vous"))) == ["est-ce", "rendez-vous"]


def test_a_detached_mark_joins_the_word_before_it_with_one_space() -> None:
    assert texts(join_tokens(tokens(" va", " ?", " Oui", " !"))) == ["va ?", "Oui !"]


def test_a_detached_mark_does_not_stretch_the_word() -> None:
    word, _ = join_tokens(tokens(" va", " ?", " Oui"))
    assert word.end_s == 0.4


def test_an_opening_mark_joins_the_word_after_it() -> None:
    assert texts(join_tokens(tokens(" dit", " «", " bonjour", " »"))) == ["dit", "« bonjour »"]
    assert texts(join_tokens(tokens(" said", ' "', "hello", '."'))) == ["said", '"hello."']
    assert texts(join_tokens(tokens(" and", " ¿", "Qué", "?"))) == ["and", "¿Qué?"]


def test_a_dash_between_words_stays_with_the_word_before_it() -> None:
    assert texts(join_tokens(tokens(" oui", " –", " non"))) == ["oui –", "non"]


def test_marks_without_any_word_are_no_words() -> None:
    assert join_tokens(tokens(" ...", ".")) == []


def test_a_word_is_as_doubtful_as_its_worst_part() -> None:
    parts = [TimedToken(" Du", 0, 1, 0.9), TimedToken("guid", 1, 2, 0.2), TimedToken(".", 2, 3, 0.01)]
    [word] = join_tokens(parts)
    assert word.probability == 0.2
    assert (word.start_s, word.end_s) == (0, 2)


def test_languages_without_spaces_keep_their_units() -> None:
    assert texts(join_tokens(tokens("你", "好", "。"), spaced=False)) == ["你", "好。"]


pieces = st.lists(
    st.builds(
        lambda space, text: (" " if space else "") + text,
        st.booleans(),
        st.text(alphabet=string.ascii_letters + "éç'-.,?!«»\"(¿ ", min_size=1, max_size=6),
    ),
    max_size=12,
)


@given(pieces)
def test_no_letter_is_lost_or_moved(parts: list[str]) -> None:
    def letters(text: str) -> str:
        return "".join(c for c in text if c.isalnum())

    joined = join_tokens(tokens(*parts))
    assert letters("".join(texts(joined))) == letters("".join(parts))


@given(pieces)
def test_words_are_separated_by_single_spaces_and_have_letters(parts: list[str]) -> None:
    joined = join_tokens(tokens(*parts))
    text = " ".join(texts(joined))
    assert text == " ".join(text.split())
    assert not any(is_punctuation(word.text) for word in joined)


@given(pieces)
def test_a_text_with_letters_keeps_every_mark_in_order(parts: list[str]) -> None:
    joined = join_tokens(tokens(*parts))
    if joined:
        assert "".join("".join(texts(joined)).split()) == "".join("".join(parts).split())


@given(pieces)
def test_starts_never_fall(parts: list[str]) -> None:
    joined = join_tokens(tokens(*parts))
    starts = [word.start_s for word in joined]
    assert starts == sorted(starts)
    assert all(word.end_s >= word.start_s for word in joined)
