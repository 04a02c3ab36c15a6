"""Words with speakers to readable lines.

Owns where a line of the minutes ends; never changes a word, its order or its speaker.

Usage::

    segments = cut_segments(transcript, speakers)       # one speaker or None per word of the transcript
"""

from collections.abc import Iterator, Sequence

from scribe.domain.attribution import PHRASE_ENDS, ends_sentence
from scribe.domain.speech import AttributedWord, Segment, SpeakerLabel, Transcript

LONGEST_LINE_S = 18.0
"""A line is cut at its best inner place above this: one glance at the player, one subtitle or two."""
LONGEST_LINE_CHARS = 200
SHORT_LINE_CHARS = 40
"""A sentence shorter than this takes the next one on the same line ("Oui. D'accord.") unless a pause divides them."""
SENTENCE_PAUSE_S = 0.3
LINE_PAUSE_S = 1.0
"""A silence this long ends a line even inside a sentence."""


def cut_segments(transcript: Transcript, speakers: Sequence[SpeakerLabel | None]) -> tuple[Segment, ...]:
    """Every word of the transcript in order, cut at speaker, language, sentence, long pause and length."""
    lines: list[Segment] = []
    for words, language in _runs(transcript, speakers):
        for line in _fitting(words):
            text = " ".join(word.text for word in line)
            end_s = max(word.end_s for word in line)
            lines.append(Segment(line[0].start_s, end_s, line[0].speaker, text, tuple(line), language))
    return tuple(lines)


def _runs(
    transcript: Transcript, speakers: Sequence[SpeakerLabel | None]
) -> Iterator[tuple[list[AttributedWord], str]]:
    """Stretches that no line may cross."""
    run: list[AttributedWord] = []
    run_language, chars, given = "", 0, iter(speakers)
    for segment in transcript.segments:
        for word in segment.words:
            speaker = next(given)
            if run and (
                speaker != run[-1].speaker or segment.language != run_language or _divides(run, chars, word.start_s)
            ):
                yield run, run_language
                run, chars = [], 0
            run.append(AttributedWord(word.start_s, word.end_s, word.text, word.confidence, speaker))
            run_language = segment.language
            chars += len(word.text) + 1
    if run:
        yield run, run_language


def _divides(run: Sequence[AttributedWord], chars: int, next_start_s: float) -> bool:
    pause_s = next_start_s - run[-1].end_s
    if ends_sentence(run[-1].text):
        return chars >= SHORT_LINE_CHARS or pause_s >= SENTENCE_PAUSE_S
    return pause_s >= LINE_PAUSE_S


def _fitting(words: list[AttributedWord]) -> list[list[AttributedWord]]:
    """The run in pieces that fit a line, each cut at the best place of its middle part."""
    fitting: list[list[AttributedWord]] = []
    pending = [words]
    while pending:
        piece = pending.pop()
        chars = sum(len(word.text) + 1 for word in piece) - 1
        long = chars > LONGEST_LINE_CHARS or piece[-1].end_s - piece[0].start_s > LONGEST_LINE_S
        if not long or len(piece) < 2:
            fitting.append(piece)
            continue
        at = _best_cut(piece)
        pending += [piece[at:], piece[:at]]
    return fitting


def _best_cut(piece: Sequence[AttributedWord]) -> int:
    """Index of the word that starts the second line: after a comma or a pause, near the middle.

    Only the middle 60 % counts, so that cutting a very long run stays O(n log n) and leaves no crumbs.
    """
    first = max(1, round(0.2 * len(piece)))
    last = max(first, round(0.8 * len(piece)))

    def merit(at: int) -> float:
        pause_s = max(piece[at].start_s - piece[at - 1].end_s, 0.0)
        sentence = 1.0 if ends_sentence(piece[at - 1].text) else 0.0
        comma = 0.5 if piece[at - 1].text.endswith(PHRASE_ENDS) else 0.0
        return sentence + comma + pause_s - abs(at / len(piece) - 0.5)

    return max(range(first, last + 1), key=merit)
