"""Readable lines."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.segmenting import LONGEST_LINE_CHARS, LONGEST_LINE_S, cut_segments
from scribe.domain.speech import Segment, SpeakerLabel, Transcript, TranscriptSegment, Word

A, B = SpeakerLabel("A"), SpeakerLabel("B")


def spoken(words: list[Word], language: str = "en") -> TranscriptSegment:
    text = " ".join(word.text for word in words)
    return TranscriptSegment(words[0].start_s, words[-1].end_s, text, tuple(words), language, -0.3, 0.0, 1.2)


def transcript(*segments: TranscriptSegment) -> Transcript:
    return Transcript(10_000.0, "en", segments, ())


def say(text: str, start_s: float = 0.0, word_s: float = 0.3) -> list[Word]:
    return [Word(start_s + i * word_s, start_s + (i + 1) * word_s, word, 0.9) for i, word in enumerate(text.split())]


def texts(segments: tuple[Segment, ...]) -> list[str]:
    return [segment.text for segment in segments]


def test_a_line_has_one_speaker() -> None:
    words = say("so that is the plan and I disagree")
    segments = cut_segments(transcript(spoken(words)), [A] * 5 + [B] * 3)
    assert [(s.speaker, s.text) for s in segments] == [(A, "so that is the plan"), (B, "and I disagree")]


def test_a_sentence_ends_a_line() -> None:
    words = say("This is the first sentence of the three sentences. This is another one.")
    assert texts(cut_segments(transcript(spoken(words)), [A] * len(words))) == [
        "This is the first sentence of the three sentences.",
        "This is another one.",
    ]


def test_a_short_sentence_takes_the_next_one_along() -> None:
    words = say("Oui. D'accord. On commence lundi ?".replace(" ?", "\u00a0?"))
    assert len(cut_segments(transcript(spoken(words)), [A] * len(words))) == 1


def test_a_short_sentence_before_a_pause_stands_alone() -> None:
    words = say("Oui.") + say("On commence lundi.", 1.0)
    assert texts(cut_segments(transcript(spoken(words)), [A] * 4)) == ["Oui.", "On commence lundi."]


def test_a_long_silence_ends_a_line_even_inside_a_sentence() -> None:
    words = say("I was going to") + say("say something", 4.0)
    assert texts(cut_segments(transcript(spoken(words)), [A] * 6)) == ["I was going to", "say something"]


def test_a_line_has_the_language_it_was_spoken_in() -> None:
    mixed = transcript(spoken(say("Bonjour à tous"), "fr"), spoken(say("good morning", 0.9), "en"))
    assert [(s.language, s.text) for s in cut_segments(mixed, [A] * 5)] == [
        ("fr", "Bonjour à tous"),
        ("en", "good morning"),
    ]


def test_lines_run_on_over_the_engines_own_cuts() -> None:
    glued = transcript(spoken(say("and then we")), spoken(say("went home.", 0.9)))
    assert texts(cut_segments(glued, [A] * 5)) == ["and then we went home."]


def test_french_typography_stays_as_the_words_have_it() -> None:
    words = [Word(0, 0.3, "Tu", 0.9), Word(0.3, 0.6, "viens\u202f?", 0.9), Word(0.6, 1.0, "«\u00a0Oui\u00a0»,", 0.9)]
    [segment] = cut_segments(transcript(spoken(words, "fr")), [A] * 3)
    assert segment.text == "Tu viens\u202f? «\u00a0Oui\u00a0»,"


def test_an_endless_sentence_is_cut_after_a_comma_near_its_middle() -> None:
    words = say("word " * 28 + "word, " + "word " * 31, word_s=0.25)
    lines = texts(cut_segments(transcript(spoken(words)), [A] * 60))
    assert lines[0].endswith("word,")
    assert len(lines) == 2


def test_words_without_a_speaker_make_lines_too() -> None:
    assert cut_segments(transcript(spoken(say("hello there"))), [None, None])[0].speaker is None


def test_a_single_word_is_never_cut() -> None:
    word = Word(0.0, 60.0, "x" * 500, 0.1)
    [segment] = cut_segments(transcript(spoken([word])), [A])
    assert segment.text == word.text


scripts = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.integers(0, 12),
        st.text("abé,.?«»' \u202f", min_size=1, max_size=14).map(str.strip).filter(bool),
        st.sampled_from([A, B, None]),
        st.booleans(),
    ),
    max_size=120,
)


@settings(deadline=None)
@given(scripts)
def test_no_word_is_lost_and_the_order_is_kept(script) -> None:
    words, speakers, segments, at = [], [], [], 0
    for pause, length, text, speaker, new_segment in script:
        at += pause
        word = Word(at / 10, (at + length) / 10, text, 0.5)
        at += length
        if new_segment or not segments:
            segments.append([])
        segments[-1].append(word)
        words.append(word)
        speakers.append(speaker)
    lines = cut_segments(transcript(*(spoken(segment) for segment in segments)), speakers)
    flat = [word for line in lines for word in line.words]
    assert [(w.start_s, w.end_s, w.text, w.confidence, w.speaker) for w in flat] == [
        (w.start_s, w.end_s, w.text, w.confidence, speaker) for w, speaker in zip(words, speakers, strict=True)
    ]
    for line in lines:
        assert line.text == " ".join(word.text for word in line.words)
        assert {word.speaker for word in line.words} == {line.speaker}
        assert line.start_s == line.words[0].start_s
        assert line.end_s == line.words[-1].end_s
        fits = len(line.text) <= LONGEST_LINE_CHARS and line.end_s - line.start_s <= LONGEST_LINE_S
        assert fits or len(line.words) == 1
    assert all(a.end_s <= b.start_s for a, b in pairwise(lines))
