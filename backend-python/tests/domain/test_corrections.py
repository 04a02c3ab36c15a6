"""What a correction makes of a line: which words stay, and when new ones are said."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.corrections import clean_text, confirmed, joined, retexted, split
from scribe.domain.errors import OptionError
from tests.domain.test_corrected_speech import words

A, B = "SPEAKER_00", "SPEAKER_01"
LINE = words("bonjour à tous je vous propose", 10.0, A)
texts = st.lists(
    st.sampled_from(["bonjour", "à", "tous", "je", "vous", "propose", "?", "«", "»", "l'ordre", "42", "été", "!"]),
    max_size=12,
).map(" ".join)


def told(segment: dict[str, Any]) -> list[tuple[str, float]]:
    return [(word["word"], word["confidence"]) for word in segment["words"]]


def test_words_whose_text_stays_keep_time_and_confidence() -> None:
    (after,) = retexted(LINE, "bonjour à toutes et tous je propose")
    assert told(after) == [
        ("bonjour", 0.3), ("à", 0.3), ("toutes", 1.0), ("et", 1.0), ("tous", 0.3), ("je", 0.3), ("propose", 0.3),
    ]  # fmt: skip
    kept = {word["word"]: word for word in LINE["words"]}
    assert [word for word in after["words"] if word["confidence"] < 1] == [
        kept[word] for word in ("bonjour", "à", "tous", "je", "propose")
    ]
    toutes, et = after["words"][2:4]
    assert kept["à"]["end"] <= toutes["start"] <= toutes["end"] <= et["start"] <= et["end"] <= kept["tous"]["start"]


def test_one_word_for_one_has_its_time() -> None:
    (after,) = retexted(LINE, "bonsoir à tous je vous propose")
    new, old = after["words"][0], LINE["words"][0]
    assert (new["word"], new["start"], new["end"], new["confidence"]) == ("bonsoir", old["start"], old["end"], 1.0)


def test_punctuation_belongs_to_its_word() -> None:
    (after,) = retexted(LINE, "bonjour à tous ? je « vous » propose !")
    assert [word["word"] for word in after["words"]] == ["bonjour", "à", "tous ?", "je", "« vous »", "propose !"]
    assert after["text"] == "bonjour à tous ? je « vous » propose !"


def test_a_word_with_a_space_in_it_stays_one() -> None:
    line = words("soit 12 euros", 10.0, A)
    line["words"][1]["word"] = "12 500"
    (after,) = retexted({**line, "text": "soit 12 500 euros"}, "soit 12 500 euros environ")
    assert told(after) == [("soit", 0.3), ("12 500", 0.3), ("euros", 0.3), ("environ", 1.0)]


@given(texts)
def test_the_text_is_what_was_written_and_words_are_in_time_order_within_the_line(text: str) -> None:
    after = retexted(LINE, text)
    if not text.strip():
        assert after == []
        return
    (line,) = after
    assert line["text"] == text == " ".join(word["word"] for word in line["words"])
    assert (line["start"], line["end"], line["speaker"]) == (LINE["start"], LINE["end"], A)
    assert all(one["start"] <= one["end"] for one in line["words"])
    assert all(one["start"] <= other["start"] for one, other in pairwise(line["words"]))
    assert all(line["start"] <= one["start"] <= one["end"] <= line["end"] for one in line["words"])
    assert retexted(line, text) == [line]


def test_split_and_joined_again_it_is_the_same() -> None:
    for at in range(1, len(LINE["words"])):
        halves = split(LINE, at)
        assert [half["text"] for half in halves] == [
            " ".join(LINE["text"].split(" ")[:at]), " ".join(LINE["text"].split(" ")[at:])
        ]  # fmt: skip
        assert halves[0]["end"] <= halves[1]["start"] <= halves[1]["end"] == LINE["end"]
        assert joined(*halves) == LINE
    for at in (0, -1, len(LINE["words"])):
        with pytest.raises(OptionError):
            split(LINE, at)


def test_a_joined_line_is_the_first_one_s_and_not_of_what_is_said_at_once() -> None:
    other = words("très bien", 20.0, B)
    line = joined(LINE, other)
    assert (line["text"], line["end"]) == ("bonjour à tous je vous propose très bien", other["end"])
    assert {word["speaker"] for word in line["words"]} == {A}
    with pytest.raises(OptionError):
        joined(LINE, words("mais si", 11.0, B))


def test_a_confirmed_line_is_sure() -> None:
    assert {confidence for _, confidence in told(confirmed(LINE))} == {1.0}
    assert confirmed(LINE)["confidence"] == 1.0


def test_a_line_without_words_can_be_written() -> None:
    (after,) = retexted({**LINE, "text": "", "words": []}, "enfin des mots")
    assert [word["word"] for word in after["words"]] == ["enfin", "des", "mots"]
    assert (after["words"][0]["start"], after["words"][-1]["end"]) == (LINE["start"], LINE["end"])


def test_text_is_cleaned_but_no_break_spaces_stay() -> None:
    assert clean_text("  Qui\u202f? \n\t Moi\x07 e\u0301te\u0301 ") == "Qui\u202f? Moi été"
