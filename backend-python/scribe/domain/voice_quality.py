"""Whether a stretch of audio is fit to know somebody's voice by.

Owns the measures and the limits; never measures (``engines/clips.py`` and ``engines/samples.py`` do). The limits were
set on recordings of some thirty people (``shared/audio``), as they came and through codecs, rooms and noises.

Usage::

    for problem in problems(report.quality):
        refuse(problem.message)
    for hint in hints(report.quality):
        mention(hint.message)
"""

import math
from dataclasses import dataclass

MIN_SPEECH_S = 3.0
"""Less is refused: the error rate of clips of 1.5 s is 0.5 %, that of 3 s is 0 (``bench/identification.py``)."""
RECOMMENDED_SPEECH_S = 10.0
"""Less is enrolled with a hint."""
MIN_SNR_DB = 8.0
"""Clips as they came read 15.9 dB or more, so do those through telephone codecs; with white or pink noise at 10 dB 9.6
to 14.5, at 5 dB 3 to 9: there a print is down to 0.6 of likeness with the clean one."""
MAX_OVERLAP_SHARE = 0.25
"""Clips of one person reach 0.06, with other people talking 10 dB softer mostly 0 to 0.2; two people at once 0.3 to
0.9."""
MIN_CONSISTENCY = 0.4
"""By pieces of 3 s (``engines/likeness.py``): one person 0.47 or more in clean clips, in a room with 0.7 s of echo and
through telephone codecs, 0.44 or more in noise at 10 dB. Two people whom the diarizer is made to take for one, half and
half or three quarters of one: at most 0.29 in 30 clips of 15 pairs. Two alike voices of the same sex, from the
same studio, still reach 0.49 half and half: those the diarizer has to tell apart, and does."""
MAX_CLIPPED_SHARE = 0.15
"""Speech cut off 12 dB under its peak reads 0.005 to 0.10, and its print keeps 0.76 to 0.95 of likeness with the clean
one; cut off at 20 dB it reads 0.04 to 0.35, above the limit for 8 of 11 people, and the print keeps 0.44 to 0.81."""


@dataclass(frozen=True, slots=True)
class VoiceQuality:
    """What was measured of the speech that a print was made from."""

    speech_s: float
    """Clean speech of one person, in seconds: overlap, other people and pauses left out."""
    snr_db: float | None = None
    """Speech level over the level of what sounds on between the words; ``None`` when there is too little to tell."""
    overlap_share: float = 0.0
    """Of the person's speech, how much somebody else talks into, 0 to 1."""
    consistency: float | None = None
    """How alike the two most different parts of the speech are (cosine of their prints): low when voices are mixed;
    ``None`` when there is too little to compare."""
    num_voices: int = 1
    """People who say more than a stray word."""
    clipped_share: float = 0.0
    """Of the samples, how many stand at the ceiling of the recording, 0 to 1."""
    bandwidth_hz: float | None = None
    """Up to where there is speech: 4 kHz is a telephone. Tells prints of one person apart, refuses none."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a voice cannot be enrolled from this, and what would help."""

    code: str
    """Stable: ``no-speech``, ``too-short``, ``too-noisy``, ``overlapped``, ``several-voices``, ``clipped``."""
    message: str
    """One sentence for the user with the measured and the needed figure."""


def problems(quality: VoiceQuality) -> tuple[Problem, ...]:
    """Everything that stands in the way, all at once; empty when the voice may be enrolled."""
    if quality.speech_s <= 0:
        return (
            Problem(
                "no-speech",
                f"No clear speech of one person was found (0 s, at least {MIN_SPEECH_S:.0f} s are needed): record the "
                f"person talking alone for {RECOMMENDED_SPEECH_S:.0f} seconds or more.",
            ),
        )
    found = []
    if quality.speech_s < MIN_SPEECH_S:
        found.append(Problem("too-short", too_short(quality.speech_s)))
    if quality.snr_db is not None and quality.snr_db < MIN_SNR_DB:
        found.append(
            Problem(
                "too-noisy",
                f"The voice is only {_below(quality.snr_db, 1):.0f} dB louder than the noise around it, at least "
                f"{MIN_SNR_DB:.0f} dB are needed: record in a quieter place, or closer to the microphone.",
            )
        )
    if quality.overlap_share > MAX_OVERLAP_SHARE:
        found.append(
            Problem(
                "overlapped",
                f"Somebody else talks during {_percent(quality.overlap_share)} of the speech, at most "
                f"{_percent(MAX_OVERLAP_SHARE)} are allowed: record one person alone.",
            )
        )
    found += _mixed(quality)
    if quality.clipped_share > MAX_CLIPPED_SHARE:
        found.append(
            Problem(
                "clipped",
                f"{_percent(quality.clipped_share)} of the sound is cut off at the top, at most "
                f"{_percent(MAX_CLIPPED_SHARE)} are allowed: lower the recording level and record again.",
            )
        )
    return tuple(found)


def hints(quality: VoiceQuality) -> tuple[Problem, ...]:
    """What would make the voice surer, where nothing stands in the way. Code: ``short``."""
    if MIN_SPEECH_S <= quality.speech_s < RECOMMENDED_SPEECH_S:
        return (
            Problem(
                "short",
                f"{quality.speech_s:.1f} s of clear speech were found: {RECOMMENDED_SPEECH_S:.0f} s or more make the "
                f"name surer.",
            ),
        )
    return ()


def too_short(speech_s: float) -> str:
    """The refusal of too little speech, whether of one clip or of all clips of a person."""
    return (
        f"{_below(speech_s, 10):.1f} s of clear speech were found, at least {MIN_SPEECH_S:.0f} s are needed and "
        f"{RECOMMENDED_SPEECH_S:.0f} s or more recommended."
    )


def _below(value: float, steps: int) -> float:
    """Rounded down to one of ``steps`` to the unit: a figure that is refused never reads like one that is allowed."""
    return math.floor(steps * value) / steps


def _percent(share: float) -> str:
    """Rounded up, for the same reason."""
    return f"{math.ceil(100 * share - 1e-9)}%"


def _mixed(quality: VoiceQuality) -> list[Problem]:
    """More than one voice: heard as such, or betrayed by parts that are unlike one another."""
    if quality.num_voices > 1:
        return [
            Problem(
                "several-voices",
                f"{quality.num_voices} voices were heard, exactly 1 is needed: cut the recording so that only one "
                f"person speaks.",
            )
        ]
    if quality.consistency is not None and quality.consistency < MIN_CONSISTENCY:
        return [
            Problem(
                "several-voices",
                f"Parts of the speech do not sound like one person (likeness {_below(quality.consistency, 100):.2f}, "
                f"at least {MIN_CONSISTENCY:.2f} is needed): cut the recording so that only one person speaks.",
            )
        ]
    return []
