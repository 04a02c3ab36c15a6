"""bench/scoring.py: which measure applies to which recording, and a whole meeting worked out by hand."""

from pathlib import Path

import pytest

from bench.recordings import NON_SPEECH, Recording
from bench.references import ReferenceTurn, Utterance
from bench.rules import HeardWord, SpokenSegment
from bench.scoring import covers, score, wrong_speaker_words
from bench.words import Errors


def segment(start_s: float, end_s: float, text: str, speaker: str | None) -> SpokenSegment:
    words = text.split()
    step_s = (end_s - start_s) / len(words)
    heard = tuple(
        HeardWord(start_s + i * step_s, start_s + (i + 1) * step_s, f" {word}") for i, word in enumerate(words)
    )
    return SpokenSegment(start_s, end_s, text, speaker, heard)


SAID = [Utterance(0, 2, "A", "good morning everybody"), Utterance(2, 4, "B", "thank you for coming")]


def test_right_words_under_swapped_labels_are_at_the_right_speaker() -> None:
    heard = [segment(0, 2, "Good morning everybody.", "x"), segment(2, 4, "Thank you for coming.", "y")]
    assert wrong_speaker_words(SAID, heard) == Errors(0, 7)


def test_one_word_in_seven_at_the_wrong_speaker() -> None:
    heard = [segment(0, 2.4, "Good morning everybody. Thank", "x"), segment(2.4, 4, "you for coming.", "y")]
    assert wrong_speaker_words(SAID, heard) == Errors(1, 7)


def test_misheard_words_are_not_speaker_errors() -> None:
    heard = [segment(0, 2, "Good warning everybody.", "x"), segment(2, 4, "Thank you for coming.", "y")]
    assert wrong_speaker_words(SAID, heard) == Errors(0, 6)


def test_a_word_without_speaker_is_at_the_wrong_one() -> None:
    heard = [segment(0, 2, "Good morning everybody.", "x"), segment(2, 4, "Thank you for coming.", None)]
    assert wrong_speaker_words(SAID, heard) == Errors(4, 7)


def test_a_file_without_speech_is_scored_by_what_was_invented() -> None:
    recording = Recording(NON_SPEECH, Path("silence.flac"), "en")
    scores = score(recording, 60.0, [ReferenceTurn(1, 2, "x")], [segment(0, 2, "Thank you.", "x")])
    assert (scores.invented_words, scores.speakers_found, scores.speakers_true) == (2, 1, 0)
    assert scores.wer is None


def test_a_text_alone_gives_a_word_error_rate_alone(tmp_path: Path) -> None:
    text = tmp_path / "un.txt"
    text.write_text("Bonjour à tous", encoding="utf-8")
    recording = Recording("fr-short", tmp_path / "un.wav", "fr", text=text)
    scores = score(recording, 2.0, [], [segment(0, 2, "Bonjour tous", None)])
    assert scores.wer == Errors(1, 3)
    assert scores.der is None
    assert scores.cpwer is None


def test_a_whole_meeting(tmp_path: Path) -> None:
    pytest.importorskip("meeteval")
    pytest.importorskip("pyannote.metrics")
    (tmp_path / "m.stm").write_text("m 1 A 0 2 good morning everybody\nm 1 B 2 4 thank you for coming\n")
    (tmp_path / "m.rttm").write_text("SPEAKER m 1 0 2 <NA> <NA> A <NA> <NA>\nSPEAKER m 1 2 2 <NA> <NA> B <NA> <NA>\n")
    recording = Recording("en-x", tmp_path / "m.wav", "en", rttm=tmp_path / "m.rttm", stm=tmp_path / "m.stm")
    turns = [ReferenceTurn(0, 2.5, "x"), ReferenceTurn(2.5, 4, "y")]
    heard = [segment(0, 2.5, "Good morning everybody. Thank", "x"), segment(2.5, 4, "you for coming.", "y")]
    scores = score(recording, 4.0, turns, heard)
    assert scores.wer == Errors(0, 7)
    assert scores.cpwer == Errors(2, 7)
    assert scores.orcwer is not None
    assert scores.orcwer.count <= 2
    assert scores.der is not None
    assert scores.der.rate == pytest.approx(0.5 / 4)
    assert (scores.speakers_found, scores.speakers_true) == (2, 2)


def test_too_many_labels_for_meeteval_leave_the_rate_out(tmp_path: Path) -> None:
    """sherpa-onnx finds 15 people in a meeting of eight: meeteval refuses ORC-WER there, the table goes on."""
    pytest.importorskip("meeteval")
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]
    (tmp_path / "m.stm").write_text("".join(f"m 1 S{i} {i} {i + 1} {word}\n" for i, word in enumerate(words)))
    recording = Recording("en-x", tmp_path / "m.wav", "en", stm=tmp_path / "m.stm")
    heard = [segment(i / 2, (i + 1) / 2, words[i // 2], f"label{i}") for i in range(16)]
    scores = score(recording, 8.0, [], heard)
    assert scores.orcwer is None
    assert scores.wer == Errors(8, 8)


@pytest.mark.parametrize(("written_s", "is_enough"), [(10, True), (8.5, True), (5, False), (0, False)])
def test_words_are_scored_only_where_most_of_the_speech_is_written_down(written_s: float, *, is_enough: bool) -> None:
    said = [Utterance(0, written_s, "A", "some words")] if written_s else []
    assert covers(said, [ReferenceTurn(0, 6, "A"), ReferenceTurn(6, 10, "B")]) is is_enough


def test_an_empty_line_of_a_transcript_covers_nothing() -> None:
    assert not covers([Utterance(0, 10, "A", "")], [ReferenceTurn(0, 10, "A")])
