"""What is known of a meeting before its results are: which voices, and the text so far.

Owns how talk time is counted and whose a line probably is while the two are not fused yet. Holds no voiceprint, so that
whoever has a preview has none.

Usage::

    preview_lines = attributed(lines, exclusive_turns)
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scribe.domain.meeting import MeetingId
from scribe.domain.speech import SpeakerLabel, Turn


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A stretch of text as the engine cut it."""

    start_s: float
    end_s: float
    text: str
    language: str
    speaker: SpeakerLabel | None = None
    """Who speaks during most of it, as far as is known."""


@dataclass(frozen=True, slots=True)
class PreviewSpeaker:
    label: SpeakerLabel
    speech_s: float
    """Together with others counts for each of them."""
    share: float
    """Of all ``speech_s``, 0 to 1."""


@dataclass(frozen=True, slots=True)
class HeardTurns:
    """Who spoke when, without what their voices are like."""

    duration_s: float
    turns: tuple[Turn, ...]
    exclusive_turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    meeting_id: MeetingId
    run: int
    duration_s: float | None
    transcribed_until_s: float
    """From the start; what is after it is still to be written."""
    heard: HeardTurns | None
    """``None``: the voices are not told apart yet, or could not be."""
    lines: tuple[PreviewLine, ...]

    @property
    def speakers(self) -> tuple[PreviewSpeaker, ...] | None:
        return None if self.heard is None else talk_times(self.heard.turns)


def talk_times(turns: Iterable[Turn]) -> tuple[PreviewSpeaker, ...]:
    """By label."""
    seconds: dict[SpeakerLabel, float] = defaultdict(float)
    for turn in turns:
        seconds[turn.speaker] += turn.duration_s
    all_s = sum(seconds.values())
    return tuple(
        PreviewSpeaker(label, seconds[label], seconds[label] / all_s if all_s > 0 else 0.0) for label in sorted(seconds)
    )


def attributed(lines: Iterable[PreviewLine], exclusive_turns: Sequence[Turn]) -> tuple[PreviewLine, ...]:
    """``exclusive_turns``: by start, none over another."""
    ends = [turn.end_s for turn in exclusive_turns]
    return tuple(replace(line, speaker=_speaker_of(line, exclusive_turns, ends)) for line in lines)


def _speaker_of(line: PreviewLine, turns: Sequence[Turn], ends: Sequence[float]) -> SpeakerLabel | None:
    """The one who speaks longest during the line; of equals, the first."""
    seconds: dict[SpeakerLabel, float] = defaultdict(float)
    for place in range(bisect_right(ends, line.start_s), len(turns)):
        turn = turns[place]
        if turn.start_s >= line.end_s:
            break
        seconds[turn.speaker] += min(turn.end_s, line.end_s) - max(turn.start_s, line.start_s)
    return max(seconds, key=lambda label: seconds[label], default=None)
