"""Who said what, when: the steps together, and the second opinion."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


meetings = st.tuples(
    st.lists(
        st.tuples(st.integers(0, 15), st.integers(0, 6), st.sampled_from(["oui", "non.", "« ah ", "5 %,"])), max_size=40
    ),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60), st.sampled_from("ABC")), max_size=15),
)


@settings(deadline=None)
@given(meetings)
def test_words_in_are_words_out_in_order_and_the_seconds_balance(meeting) -> None:
    words, at = [], 0
    for pause, length, text in meeting[0]:
        at += pause
        words.append(Word(at / 10, (at + length) / 10, text, 0.5))
        at += length
    source = transcript(words[:7], words[7:], duration_s=45.0)
    diarization = heard(*((start / 10, (start + length) / 10, s) for start, length, s in meeting[1]), duration_s=45.0)
    fusion = fuse(source, diarization, Ears((0, 10, "A"), (10, 30, "C")))
    flat = [word for segment in fusion.segments for word in segment.words]
    assert [(w.start_s, w.end_s, w.text) for w in flat] == [(w.start_s, w.end_s, w.text) for w in source.words]
    assert all(a.start_s <= b.start_s for a, b in zip(fusion.segments, fusion.segments[1:], strict=False))
    assert all((word.speaker is None) == (not diarization.turns) for word in flat)
    assert fusion.coverage.total_s == pytest.approx(45.0, abs=1e-6)
