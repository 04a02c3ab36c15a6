from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.search_query import matches, parse
from scribe.domain.search_terms import Word, in_utf16, indexed, stems_of, to_be_stemmed, words_of


def unstemmed(words: list[Word]) -> dict[str, frozenset[str]]:
    return stems_of(words, {form: (form, form) for form in to_be_stemmed(words)})


def asked(text: str) -> str:
    query = parse(text)
    return query.to_tsquery(unstemmed(query.words))


def marked(wanted: str, text: str) -> list[str]:
    query = parse(wanted)
    found = matches(query, text, unstemmed([*query.words, *words_of(text)]))
    return [text[start:end] for start, end in found]


def test_words_have_neither_case_nor_accents_and_know_where_they_stand() -> None:
    text = "L'Été, à Nœux."
    assert [(text[word.start : word.end], word.plain) for word in words_of(text)] == [
        ("L", "l"), ("Été", "ete"), ("à", "a"), ("Nœux", "noeux"),
    ]  # fmt: skip


def test_letters_that_were_typed_in_two_pieces_are_one() -> None:
    assert [word.plain for word in words_of("e\u0301te\u0301")] == ["ete"]


def test_what_has_no_spaces_is_found_by_its_characters() -> None:
    assert [word.plain for word in words_of("予算会議 OK")] == ["予", "算", "会", "議", "ok"]
    assert marked("会議", "予算会議です") == ["会議"]


def test_all_words_are_wanted() -> None:
    assert asked("budget travaux") == "('budget') & ('travaux':*)"


def test_only_the_last_word_may_be_a_beginning_and_only_if_it_says_something() -> None:
    assert "'budget':*" not in asked("budget travaux")
    assert "'travaux':*" in asked("budget travaux")
    assert ":*" not in asked("budget tr")
    assert ":*" not in asked('"budget travaux"')
    assert "'travaux':*" in asked('"budget travaux')


def test_quotes_of_either_language_make_a_phrase() -> None:
    for text in ('"conseil municipal"', "« conseil municipal »", "“conseil municipal”"):
        assert "'conseil' <-> 'municipal'" in asked(text)


def test_a_minus_excludes_and_a_hyphen_does_not() -> None:
    assert asked("budget -travaux") == "('budget') & !('travaux':*)"
    assert "!" not in asked("week-end")
    assert "weekend" in asked("week-end")


def test_or_is_written_in_capitals() -> None:
    assert asked("budget OR travaux") == asked("budget OU travaux") == "('budget' | 'travaux':*)"
    assert asked("cours or travaux") == "('cours') & ('travaux':*)"


def test_stop_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert asked("le budget du conseil") == asked("budget conseil")
    assert "'le'" in asked("le")
    assert "'du'" in asked('"budget du conseil"')


def test_an_elision_is_no_part_of_the_word() -> None:
    assert asked("l'été") == asked("été")
    assert "'aujourd' <-> 'hui'" in asked("aujourd'hui")


@pytest.mark.parametrize("text", ["", "-", '"', '""', "' : * & | ! ( )", "\\", "-- --", "« »"])
def test_what_makes_no_sense_finds_nothing(text: str) -> None:
    assert parse(text).is_empty


def test_only_exclusions_find_nothing() -> None:
    assert parse("-budget").is_empty


def test_what_was_found_is_marked_with_its_accents() -> None:
    assert marked("ete reunion", "Réunion de l'été") == ["Réunion", "été"]
    assert marked('"de l\'été"', "Réunion de l'été") == ["de l'été"]
    assert marked("réun", "Les réunions, et une réunion.") == ["réunions", "réunion"]
    assert marked("weekend", "Ce week-end") == marked("week-end", "Ce week-end") == ["week-end"]
    assert marked("week-end", "Ce weekend") == ["weekend"]
    assert marked("budget -travaux", "budget travaux") == ["budget"]


def test_places_are_counted_as_javascript_does() -> None:
    place = in_utf16("👍 budget")
    assert (place(2), place(8)) == (3, 9)
    assert in_utf16("Été")(3) == 3


def test_words_and_stems_of_a_passage_have_places_and_weights() -> None:
    words = words_of("Nous décidons, décidons")
    stem = {form: (form, form) for form in to_be_stemmed(words)} | {
        "décidons": ("décid", ""),
        "decidons": ("decid", "decidon"),
    }
    vector = dict(entry.rsplit(":", 1) for entry in indexed(words, stems_of(words, stem)).split())
    assert vector == {"'nous'": "1A", "'decid'": "2,3", "'decidon'": "2,3", "'decidons'": "2A,3A"}


@given(st.text(max_size=60))
def test_any_text_can_be_looked_for(text: str) -> None:
    query = parse(text)
    if not query.is_empty:
        assert query.to_tsquery(unstemmed(query.words))


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_marked_lies_in_the_text_in_order(wanted: str, text: str) -> None:
    query = parse(wanted)
    found = matches(query, text, unstemmed([*query.words, *words_of(text)]))
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
