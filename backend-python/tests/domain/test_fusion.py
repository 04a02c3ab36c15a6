"""Who said what, when: the steps together, and the second opinion."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.carry_over import HandMove
from scribe.domain.errors import VoiceprintMismatchError
from scribe.domain.fusion import Fusion, fuse
from scribe.domain.speech import Diarization, Span, SpeakerLabel, Transcript, TranscriptSegment, Turn, Word
from scribe.domain.turns import exclusive_turns, merge_turns
from scribe.domain.voices import Voiceprint

VOICES = {"A": 0, "B": 1, "C": 2}


def voiceprint(speaker: str, model_id: str = "model") -> Voiceprint:
    vector = np.zeros(4, dtype=np.float32)
    vector[VOICES[speaker]] = 1.0
    return Voiceprint(vector, model_id, 10.0)


def say(text: str, start_s: float, word_s: float = 0.3) -> list[Word]:
    return [Word(start_s + i * word_s, start_s + (i + 1) * word_s, word, 0.9) for i, word in enumerate(text.split())]


def transcript(*phrases: list[Word], duration_s: float = 60.0, language: str = "en") -> Transcript:
    segments = tuple(
        TranscriptSegment(
            words[0].start_s, words[-1].end_s, " ".join(w.text for w in words), tuple(words), language, -0.2, 0.0, 1.0
        )
        for words in phrases
        if words
    )
    return Transcript(duration_s, language, segments, tuple(Span(s.start_s, s.end_s) for s in segments))


def heard(*turns: tuple[float, float, str], model_id: str = "model", duration_s: float = 60.0) -> Diarization:
    merged = merge_turns(Turn(start, end, SpeakerLabel(speaker)) for start, end, speaker in turns)
    prints = {SpeakerLabel(speaker): voiceprint(speaker, model_id) for _, _, speaker in turns}
    return Diarization(duration_s, merged, exclusive_turns(merged), prints)


def lines(fusion: Fusion) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in fusion.segments]


class Ears:
    """Knows who really speaks when, and remembers what it was asked."""

    def __init__(self, *truth: tuple[float, float, str], model_id: str = "model") -> None:
        self.truth, self.model_id = truth, model_id
        self.asked: list[Span] = []

    def __call__(self, spans: Sequence[Span], /) -> list[Voiceprint | None]:
        self.asked += spans
        return [self._hear((span.start_s + span.end_s) / 2) for span in spans]

    def _hear(self, at_s: float) -> Voiceprint | None:
        return next((voiceprint(s, self.model_id) for start, end, s in self.truth if start <= at_s < end), None)


def test_two_people_greet_one_another() -> None:
    fusion = fuse(
        transcript(say("Good morning Steve. Good morning Katie.", 0.0)), heard((0, 0.95, "A"), (0.95, 2, "B"))
    )
    assert lines(fusion) == [("A", "Good morning Steve."), ("B", "Good morning Katie.")]
    assert fusion.words_moved == 0


def test_a_short_answer_that_the_diarizer_missed_is_given_back_by_its_voice() -> None:
    words = say("Shall we start on Monday then?", 0.0) + say("Yes of course.", 2.2) + say("Very well then.", 3.6)
    ears = Ears((0, 2, "A"), (2, 3.3, "B"), (3.3, 5, "A"))
    fusion = fuse(transcript(words), heard((0, 5, "A"), (10, 20, "B")), ears)
    assert ("B", "Yes of course.") in lines(fusion)
    assert fusion.words_moved == 3
    assert fusion.listened_s == pytest.approx(sum(span.duration_s for span in ears.asked))


def test_a_voice_that_agrees_moves_nothing() -> None:
    words = say("Shall we start on Monday then?", 0.0) + say("Yes of course.", 2.2)
    fusion = fuse(transcript(words), heard((0, 2, "A"), (2.1, 3.2, "B")), Ears((0, 2, "A"), (2, 4, "B")))
    assert fusion.words_moved == 0


def test_words_that_the_turns_leave_no_doubt_about_are_not_listened_to_again() -> None:
    ears = Ears((0, 60, "A"))
    fuse(transcript(say("and " * 60, 0.0, 0.4)), heard((0, 25, "A"), (40, 50, "B")), ears)
    assert ears.asked == []


def test_audio_that_yields_no_print_moves_nothing() -> None:
    fusion = fuse(transcript(say("Yes of course.", 0.0)), heard((0, 1, "A"), (10, 20, "B")), Ears())
    assert lines(fusion) == [("A", "Yes of course.")]


def test_prints_of_another_model_are_refused() -> None:
    with pytest.raises(VoiceprintMismatchError, match="other, this"):
        fuse(
            transcript(say("Yes of course.", 0.0)),
            heard((0, 1, "A"), (10, 20, "B"), model_id="this"),
            Ears((0, 60, "B"), model_id="other"),
        )


def test_without_speakers_the_words_are_delivered_all_the_same() -> None:
    fusion = fuse(transcript(say("Nobody knows me.", 0.0)), Diarization(60.0, (), ()), Ears((0, 60, "A")))
    assert lines(fusion) == [(None, "Nobody knows me.")]


def test_a_silent_recording_fuses_to_nothing() -> None:
    fusion = fuse(Transcript(12.0, None, (), ()), Diarization(12.0, (), ()), None)
    assert fusion.segments == ()
    assert fusion.coverage.non_speech_s == 12.0


# ---- what a human gave to somebody ----

ASIDE = say("Yes of course.", 2.2)
LATER = say("Yes of course.", 42.2)
TALK = [*say("Shall we start on Monday then?", 0.0), *ASIDE, *say("Very well then.", 3.6)]
"""The diarizer heard A all along; B, who sounds otherwise when he speaks aside, is known by a long talk of his."""
HEARD = heard((0, 5, "A"), (40, 45, "A"), (10, 20, "B"))


def move(start_s: float, end_s: float, to_label: str) -> HandMove:
    return HandMove(Span(start_s, end_s), SpeakerLabel(to_label))


class Aside(Ears):
    """Hears B's asides as a third voice, a little nearer to A's than to B's."""

    def _hear(self, at_s: float) -> Voiceprint | None:
        if 2.1 <= at_s < 3.3 or 42.1 <= at_s < 43.3:
            vector = np.array([0.3, 0.2, 0.0, np.sqrt(1 - 0.13)], np.float32)
            return Voiceprint(vector, self.model_id, 1.0)
        return super()._hear(at_s)


def said_later(fusion: Fusion) -> set[str | None]:
    return {word.speaker for segment in fusion.segments for word in segment.words if 42 <= word.start_s < 43.2}


def test_what_a_human_gave_to_somebody_is_theirs_whatever_turns_and_voices_say() -> None:
    ears = Ears((0, 60, "A"))
    fusion = fuse(transcript(TALK), HEARD, ears, [move(2.2, 3.1, "B")])
    assert lines(fusion) == [
        ("A", "Shall we start on Monday then?"),
        ("B", "Yes of course."),
        ("A", "Very well then."),
    ]


def test_a_hard_example_takes_a_similar_doubtful_stretch_elsewhere_with_it() -> None:
    spoken = transcript(TALK, [*say("We shall see.", 41.0), *LATER, *say("Very well then.", 43.6)])
    without = fuse(spoken, HEARD, Aside((0, 10, "A"), (40, 60, "A")))
    assert said_later(without) == {"A"}, "by itself the voice is taken for A's"
    fusion = fuse(spoken, HEARD, Aside((0, 10, "A"), (40, 60, "A")), [move(2.2, 3.1, "B")])
    assert said_later(fusion) == {"B"}
    assert ("A", "We shall see.") in lines(fusion)
    assert ("A", "Very well then.") in lines(fusion)


def test_a_hard_example_of_another_voice_takes_nothing_with_it() -> None:
    spoken = transcript(TALK, [*say("We shall see.", 41.0), *LATER, *say("Very well then.", 43.6)])
    ears = Ears((0, 2, "A"), (2, 3.3, "B"), (3.3, 60, "A"))
    assert said_later(fuse(spoken, HEARD, ears, [move(2.2, 3.1, "B")])) == {"A"}


def test_an_example_is_listened_to_and_its_own_words_are_not_asked_about() -> None:
    ears = Aside((0, 10, "A"))
    fusion = fuse(transcript(TALK), HEARD, ears, [move(2.2, 3.1, "B")])
    [covering] = [span for span in ears.asked if span.start_s <= 2.65 < span.end_s]
    assert (covering.start_s, covering.end_s) == pytest.approx((2.2, 3.1))
    assert fusion.listened_s == pytest.approx(sum(span.duration_s for span in ears.asked))


def test_somebody_without_a_print_is_known_by_what_was_moved_to_them() -> None:
    merged = merge_turns([*HEARD.turns, Turn(50, 50.3, SpeakerLabel("C"))])
    silent = Diarization(60.0, merged, exclusive_turns(merged), dict(HEARD.voiceprints))
    spoken = transcript(TALK, [*say("We shall see.", 41.0), *LATER, *say("Very well then.", 43.6)])
    fusion = fuse(spoken, silent, Aside((0, 10, "A"), (40, 60, "A")), [move(2.2, 3.1, "C")])
    assert said_later(fusion) == {"C"}


def test_whoever_moved_a_stretch_last_was_right() -> None:
    moves = [move(0.0, 5.0, "B"), move(2.2, 3.1, "A")]
    assert ("A", "Yes of course.") in lines(fuse(transcript(TALK), HEARD, None, moves))


def test_a_word_belongs_to_the_stretch_in_which_its_middle_lies() -> None:
    assert ("B", "Yes of course.") in lines(fuse(transcript(TALK), HEARD, None, [move(2.34, 2.96, "B")]))
    assert fuse(transcript(TALK), HEARD, None, [move(2.0, 2.34, "B")]) == fuse(transcript(TALK), HEARD)


def test_a_move_to_somebody_who_is_not_there_moves_nothing() -> None:
    assert fuse(transcript(TALK), HEARD, None, [move(2.2, 3.1, "C")]) == fuse(transcript(TALK), HEARD)


def test_the_voices_of_the_diarization_stay_as_they_are() -> None:
    before = {label: print_.vector.copy() for label, print_ in HEARD.voiceprints.items()}
    fuse(transcript(TALK), HEARD, Aside((0, 10, "A")), [move(2.2, 3.1, "B")])
    assert {label: print_.vector.tolist() for label, print_ in HEARD.voiceprints.items()} == {
        label: vector.tolist() for label, vector in before.items()
    }


meetings = st.tuples(
    st.lists(
        st.tuples(st.integers(0, 15), st.integers(0, 6), st.sampled_from(["oui", "non.", "« ah ", "5 %,"])), max_size=40
    ),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60), st.sampled_from("ABC")), max_size=15),
)


Meeting = tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]


def staged(meeting: Meeting) -> tuple[Transcript, Diarization]:
    words, at = [], 0
    for pause, length, text in meeting[0]:
        at += pause
        words.append(Word(at / 10, (at + length) / 10, text, 0.5))
        at += length
    turns = ((start / 10, (start + length) / 10, speaker) for start, length, speaker in meeting[1])
    return transcript(words[:7], words[7:], duration_s=45.0), heard(*turns, duration_s=45.0)


@settings(deadline=None)
@given(meetings)
def test_words_in_are_words_out_in_order_and_the_seconds_balance(meeting: Meeting) -> None:
    source, diarization = staged(meeting)
    fusion = fuse(source, diarization, Ears((0, 10, "A"), (10, 30, "C")))
    flat = [word for segment in fusion.segments for word in segment.words]
    assert [(w.start_s, w.end_s, w.text) for w in flat] == [(w.start_s, w.end_s, w.text) for w in source.words]
    assert all(a.start_s <= b.start_s for a, b in zip(fusion.segments, fusion.segments[1:], strict=False))
    assert all((word.speaker is None) == (not diarization.turns) for word in flat)
    assert fusion.coverage.total_s == pytest.approx(45.0, abs=1e-6)


moved_stretches = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60), st.sampled_from("ABC")), max_size=4)


@settings(deadline=None)
@given(meetings, moved_stretches)
def test_no_word_is_lost_by_moving_and_every_moved_word_is_where_it_was_put(
    meeting: Meeting, moved: list[tuple[int, int, str]]
) -> None:
    source, diarization = staged(meeting)
    moves = [move(start / 10, (start + length) / 10, speaker) for start, length, speaker in moved]
    flat = [
        word for segment in fuse(source, diarization, Aside((0, 60, "A")), moves).segments for word in segment.words
    ]
    assert [(w.start_s, w.end_s, w.text) for w in flat] == [(w.start_s, w.end_s, w.text) for w in source.words]
    known = [one for one in moves if one.to_label in diarization.speakers]
    for word in flat:
        middle_s = (word.start_s + word.end_s) / 2
        last = [one.to_label for one in known if one.span.start_s <= middle_s < one.span.end_s][-1:]
        assert last in ([], [word.speaker])
