"""How the peers give words to speakers: their published rules, on their own turns and their own words.

Owns the two rules compared (and the oracle's, which is the second one on the true turns); ours is in the product.
Ties go to the earlier turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.references import ReferenceTurn as Turn


@dataclass(frozen=True, slots=True)
class HeardWord:
    start_s: float
    end_s: float
    text: str
    """With its leading blank, as Whisper writes it: joining the words gives the text."""


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """A stretch of the recogniser's own cutting."""

    start_s: float
    end_s: float
    text: str
    words: tuple[HeardWord, ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A stretch of words given to one speaker."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None
    words: tuple[HeardWord, ...] = ()


Rule = Callable[[Sequence[HeardSegment], Sequence[Turn]], list[SpokenSegment]]


def longest_turn_takes_segment(segments: Sequence[HeardSegment], turns: Sequence[Turn]) -> list[SpokenSegment]:
    """A whole recogniser segment goes to the single turn that overlaps it longest, or to nobody."""
    found = []
    for segment in segments:
        turn = max(turns, key=lambda turn: _overlap_s(segment.start_s, segment.end_s, turn), default=None)
        speaker = turn.speaker if turn and _overlap_s(segment.start_s, segment.end_s, turn) > 0 else None
        found.append(SpokenSegment(segment.start_s, segment.end_s, segment.text, speaker, segment.words))
    return found


def word_by_overlap(segments: Sequence[HeardSegment], turns: Sequence[Turn]) -> list[SpokenSegment]:
    """Each word goes to the speaker with most overlap, or to nobody where no turn touches it (whisperX's default)."""
    return _joined([(word, _most_overlapping(word, turns)) for segment in segments for word in segment.words])


def word_by_true_turn(segments: Sequence[HeardSegment], turns: Sequence[Turn]) -> list[SpokenSegment]:
    """The oracle: as above on the reference's turns, a word outside every turn to the nearest one."""
    given = []
    for segment in segments:
        for word in segment.words:
            speaker = _most_overlapping(word, turns)
            if speaker is None and turns:
                speaker = min(turns, key=lambda turn: max(turn.start_s - word.end_s, word.start_s - turn.end_s)).speaker
            given.append((word, speaker))
    return _joined(given)


def _most_overlapping(word: HeardWord, turns: Sequence[Turn]) -> str | None:
    shares: dict[str, float] = {}
    for turn in turns:
        overlap_s = _overlap_s(word.start_s, word.end_s, turn)
        if overlap_s > 0:
            shares[turn.speaker] = shares.get(turn.speaker, 0.0) + overlap_s
    return max(shares, key=lambda speaker: shares[speaker]) if shares else None


def _overlap_s(start_s: float, end_s: float, turn: Turn) -> float:
    return min(end_s, turn.end_s) - max(start_s, turn.start_s)


def _joined(words: Sequence[tuple[HeardWord, str | None]]) -> list[SpokenSegment]:
    """Neighbouring words of one speaker become a segment."""
    runs: list[tuple[str | None, list[HeardWord]]] = []
    for word, speaker in words:
        if not runs or runs[-1][0] != speaker:
            runs.append((speaker, []))
        runs[-1][1].append(word)
    return [
        SpokenSegment(run[0].start_s, run[-1].end_s, "".join(word.text for word in run).strip(), speaker, tuple(run))
        for speaker, run in runs
    ]
