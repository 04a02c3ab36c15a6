"""Whether to believe what Whisper wrote for a window.

Owns the tests by statistics (repetition, compression, log-probability, no-speech, pace, echo of the vocabulary); no
list of phrases. A loop is decoded again before it is shortened; text is dropped only where nothing speaks for it.

Usage::

    match judge(decoded, speech_s=window_speech_s, vocabulary=options.vocabulary):
        case Verdict.RETRY: ...
"""

from collections.abc import Sequence
from enum import Enum

from scribe.engines.transcription.whisper import Decoded

MAX_COMPRESSION = 2.4
"""Whisper's own threshold for repetitive text (Radford et al. 2022, section 4.5)."""
MIN_COMPRESSED_CHARACTERS = 40
"""zlib says nothing about shorter texts."""
MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH = 0.6
"""Whisper's own pair: silence where both fail (ibid.)."""
MIN_AVG_LOGPROB_EVER = -1.5
"""A mean probability of 0.22 a token is noise whatever the no-speech token says."""
MAX_WORDS_PER_SECOND = 8.0
"""The fastest speakers reach six to seven."""
PACE_SLACK_WORDS = 4
MAX_REPEATS = ((1, 6), (8, 3))
"""(longest phrase in words, how often in a row it may occur): people do say "no no no no"."""


class Verdict(Enum):
    KEEP = "keep"
    RETRY = "retry"
    """Repeats itself or is longer than anybody can say it: the decoder ran away."""
    DROP = "drop"
    """Nothing was said: the decoder made it up."""


def judge(decoded: Decoded, speech_s: float, vocabulary: Sequence[str] = ()) -> Verdict:
    """``speech_s``: seconds of detected speech that the text is to come from."""
    words = normal_words(decoded.text)
    if not words:
        return Verdict.DROP
    if decoded.no_speech_prob > MAX_NO_SPEECH and decoded.avg_logprob < MIN_AVG_LOGPROB:
        return Verdict.DROP
    if decoded.avg_logprob < MIN_AVG_LOGPROB_EVER or is_echo(words, vocabulary):
        return Verdict.DROP
    if find_loop(words) is not None or len(words) > MAX_WORDS_PER_SECOND * speech_s + PACE_SLACK_WORDS:
        return Verdict.RETRY
    if len(decoded.text) >= MIN_COMPRESSED_CHARACTERS and decoded.compression_ratio > MAX_COMPRESSION:
        return Verdict.RETRY
    return Verdict.KEEP


def normal_words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    words = ("".join(c for c in word if c.isalnum()) for word in text.casefold().split())
    return [word for word in words if word]


def find_loop(words: Sequence[str]) -> tuple[int, int] | None:
    """The first run of a repeated phrase that nobody would say: (index of its second copy, index after it)."""
    for start in range(len(words)):
        for length in range(1, MAX_REPEATS[-1][0] + 1):
            copies = _copies(words, start, length)
            allowed = next(repeats for longest, repeats in MAX_REPEATS if length <= longest)
            if copies > allowed:
                return start + length, start + copies * length
    return None


def _copies(words: Sequence[str], start: int, length: int) -> int:
    phrase = words[start : start + length]
    copies = 1
    while words[start + copies * length : start + (copies + 1) * length] == phrase and len(phrase) == length:
        copies += 1
    return copies


def is_echo(words: Sequence[str], vocabulary: Sequence[str]) -> bool:
    """Whether the text is two or more vocabulary entries and nothing else: the prompt read back over noise."""
    entries = [entry for entry in (normal_words(name) for name in vocabulary) if entry]
    index = matched = 0
    while index < len(words):
        entry = next((e for e in entries if list(words[index : index + len(e)]) == e), None)
        if entry is None:
            return False
        index += len(entry)
        matched += 1
    return matched >= 2
