"""Typography: what people read obeys the rules of its language, and applying them twice changes nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.typography import (
    format_clock,
    format_date,
    format_duration,
    format_percent,
    format_time_of_day,
    reading_language,
    single_line,
    typeset,
)

french_prose = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["l'été", "?", "!", ";", ":", "«", "»", '"', '"oui"', "10:30", "https://a.fr/?b;c", " ", "\u202f"]
        ),
    )
).map(" ".join)


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("Qu'en dis-tu?", "Qu’en dis-tu\u202f?"),
        ("Qu'en dis-tu ?", "Qu’en dis-tu\u202f?"),
        ("Qu'en dis-tu\u00a0?", "Qu’en dis-tu\u202f?"),
        ("Quoi ?! Non !!", "Quoi\u202f?! Non\u202f!!"),
        ("Un ; deux : trois", "Un\u202f; deux\u202f: trois"),
        ("« déjà »", "«\u202fdéjà\u202f»"),
        ("«déjà»", "«\u202fdéjà\u202f»"),
        ('Il dit "bonjour" ?', "Il dit «\u202fbonjour\u202f»\u202f?"),
        ("Rendez-vous à 10:30.", "Rendez-vous à 10:30."),
        ("https://exemple.fr/a;b?c=d!", "https://exemple.fr/a;b?c=d\u202f!"),
        ('un écran de 24" et un de 27"', 'un écran de 24" et un de 27"'),
        ('un guillemet " seul" reste', 'un guillemet " seul" reste'),
        ("d'aujourd'hui", "d’aujourd’hui"),
        ("Vraiment… ?", "Vraiment…\u202f?"),
        ("(oui) !", "(oui)\u202f!"),
    ],
)
def test_french_is_set_as_in_a_french_book(said: str, typed: str) -> None:
    assert typeset(said, "fr") == typed


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("Don't you think ?", "Don’t you think?"),
        ("the students' room", "the students’ room"),
        ("he said 'never' again", "he said 'never' again"),
        ('a 27" screen', 'a 27" screen'),
    ],
)
def test_english_is_set_as_in_an_english_book(said: str, typed: str) -> None:
    assert typeset(said, "en") == typed


def test_other_languages_are_left_alone() -> None:
    assert typeset("¿Qué tal ? L'eau", "es") == "¿Qué tal ? L'eau"


@given(st.one_of(french_prose, st.text()), st.sampled_from(["fr", "en", "de"]))
def test_typesetting_twice_is_typesetting_once(said: str, language: str) -> None:
    once = typeset(said, language)
    assert typeset(once, language) == once


@given(st.one_of(french_prose, st.text()), st.sampled_from(["fr", "en", "de"]))
def test_no_visible_character_is_lost_or_won(said: str, language: str) -> None:
    same = str.maketrans({"«": '"', "»": '"', "’": "'"})
    before = "".join(single_line(said).split()).translate(same)
    assert "".join(typeset(said, language).split()).translate(same) == before


@given(st.text())
def test_a_line_stays_a_line(said: str) -> None:
    line = single_line(said)
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_dates_are_written_out() -> None:
    assert format_date(datetime(2026, 11, 21, tzinfo=UTC), "fr") == "21\u00a0novembre 2026"
    assert format_date(datetime(2026, 8, 1, tzinfo=UTC), "fr") == "1er\u00a0août 2026"
    assert format_date(datetime(2026, 11, 21, tzinfo=UTC), "en") == "21\u00a0November 2026"


def test_the_time_of_day_is_written_as_people_say_it() -> None:
    assert format_time_of_day(datetime(2026, 1, 1, 9, 5, tzinfo=UTC), "fr") == "9\u00a0h\u00a005"
    assert format_time_of_day(datetime(2026, 1, 1, 9, 5, tzinfo=UTC), "en") == "09:05"


@pytest.mark.parametrize(
    ("seconds", "french"),
    [
        (0.0, "0 s"), (0.04, "0,1 s"), (0.44, "0,4 s"), (0.97, "1 s"), (8.4, "8 s"), (59.6, "1 min"),
        (124.0, "2 min 04 s"), (3599.6, "1 h"), (3725.0, "1 h 02 min"), (7199.0, "2 h"), (7200.0, "2 h"),
        (86_400.0, "24 h"),
    ],
)  # fmt: skip
def test_durations_have_two_units_at_most(seconds: float, french: str) -> None:
    assert format_duration(seconds, "fr").replace("\u00a0", " ") == french


@given(st.floats(0, 400_000))
def test_a_duration_is_never_off_by_more_than_its_last_unit(seconds: float) -> None:
    units = {"h": 3600.0, "min": 60.0, "s": 1.0}
    parts = format_duration(seconds, "en").split("\u00a0")
    told_s = sum(float(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert abs(told_s - seconds) <= (30.0 if seconds >= 3600 else 0.5)


def test_a_clock_never_points_past_the_moment() -> None:
    assert format_clock(3725.999) == "01:02:05"
    assert format_clock(360_000) == "100:00:00"


def test_a_small_share_is_not_nothing() -> None:
    assert format_percent(0.001, "fr") == "<\u00a01\u202f%"
    assert format_percent(0.42, "fr") == "42\u202f%"
    assert format_percent(0.42, "en") == "42%"


def test_headings_are_french_for_french_speech_only() -> None:
    assert [reading_language(code) for code in ("fr", "fr-CA", "en", "de", None)] == ["fr", "fr", "en", "en", "en"]
