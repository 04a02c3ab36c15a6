"""What people decided about the speakers of one run, given to the speakers of the next.

Owns which new speaker is which old one, told by when they speak: a new run may find other speakers, cut them elsewhere
and call them otherwise. Never looks at a voice: two runs of one recording share the clock, and a decision must not
depend on how alike two people sound.

Usage::

    successors(before, after)["SPEAKER_01"]     # "SPEAKER_00", or missing: nobody speaks when they did
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scribe.domain.speech import Diarization, Span, SpeakerLabel

MIN_SHARE = 0.5
"""Of the speech of both. With more than half of it in common there can be no better match for either, but for people
who talk at the same time."""

Turns = Mapping[SpeakerLabel, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class HandMove:
    """A stretch that a human gave to a speaker."""

    span: Span
    to_label: SpeakerLabel


@dataclass(frozen=True, slots=True)
class HandMoves:
    """What was moved by hand in the minutes of an earlier run."""

    moves: tuple[HandMove, ...] = ()
    """The oldest first; labels are those of the earlier run."""
    turns: Mapping[SpeakerLabel, tuple[Span, ...]] = field(default_factory=dict)
    """Of everybody in the earlier run."""

    def onto(self, diarization: Diarization) -> tuple[HandMove, ...]:
        """The same with the labels of this run; what nobody fits is left out."""
        if not self.moves:
            return ()
        heirs = successors(self.turns, turns_of(diarization))
        return tuple(HandMove(move.span, heirs[move.to_label]) for move in self.moves if move.to_label in heirs)


def turns_of(diarization: Diarization) -> dict[SpeakerLabel, tuple[Span, ...]]:
    turns: dict[SpeakerLabel, list[Span]] = {}
    for turn in diarization.turns:
        turns.setdefault(turn.speaker, []).append(Span(turn.start_s, turn.end_s))
    return {label: tuple(spans) for label, spans in turns.items()}


def successors(before: Turns, after: Turns) -> dict[SpeakerLabel, SpeakerLabel]:
    """For each old label the new one that is the same speaker; one to one, both ways.

    Two are the same when each is the other's best match in time and what they share is at least half of what either
    of them says. Ties go to the label that comes first, so that the answer is always the same.
    """
    old = {label: _merged(spans) for label, spans in before.items()}
    new = {label: _merged(spans) for label, spans in after.items()}
    shared_s = {
        (mine, theirs): shared for mine in old for theirs in new if (shared := _shared_s(old[mine], new[theirs])) > 0
    }
    found: dict[SpeakerLabel, SpeakerLabel] = {}
    for (mine, theirs), shared in shared_s.items():
        is_half = shared >= MIN_SHARE * max(_duration_s(old[mine]), _duration_s(new[theirs]))
        if is_half and _best(shared_s, mine, 0) == theirs and _best(shared_s, theirs, 1) == mine:
            found[mine] = theirs
    return found


def _best(
    shared_s: Mapping[tuple[SpeakerLabel, SpeakerLabel], float], label: SpeakerLabel, side: int
) -> SpeakerLabel | None:
    """Who shares the most time with ``label``, which stands on ``side`` of the pairs."""
    others = [(-shared, pair[1 - side]) for pair, shared in shared_s.items() if pair[side] == label]
    return min(others)[1] if others else None


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, without overlaps."""
    merged: list[Span] = []
    for span in sorted(spans):
        if span.end_s <= span.start_s:
            continue
        if merged and span.start_s <= merged[-1].end_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return merged


def _duration_s(spans: Iterable[Span]) -> float:
    return sum(span.duration_s for span in spans)


def _shared_s(one: Sequence[Span], other: Sequence[Span]) -> float:
    """Both in order, without overlaps."""
    shared_s, index, place = 0.0, 0, 0
    while index < len(one) and place < len(other):
        mine, theirs = one[index], other[place]
        shared_s += max(0.0, min(mine.end_s, theirs.end_s) - max(mine.start_s, theirs.start_s))
        if mine.end_s <= theirs.end_s:
            index += 1
        else:
            place += 1
    return shared_s
