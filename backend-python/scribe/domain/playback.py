"""Which recordings a browser plays exactly in time with the transcript, and what is made of the others.

Browsers jump by guessing where a file says nothing about times (MP3 without an index, ADTS AAC), play some formats not
at all (AMR, WMA, most video containers), and begin a file that starts late at zero, where the transcript does not. Of
such a recording the worker makes an M4A: AAC, because Chromium, Firefox and Safari all play it (Safari before 18.4
plays no Ogg), in MP4, because its sample table says of every 64 ms where they lie.
"""

from scribe.domain.audio import AudioFacts

MEDIA_TYPE = "audio/mp4"
BIT_RATE = 48_000
"""Bits per second, 16 kHz mono: 21 MB an hour."""

_EXACT = {("wav", codec) for codec in ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le")} | {("flac", "flac")}
"""Container and codec: what every browser plays, every sample of which lies at a known place."""
_PLAIN_RULES = frozenset({"mono", "average"})
_HARMLESS = frozenset({"offset-removed", "silent"})
"""Warnings of the conversion under which the file as it came still sounds like what was transcribed, at the same
times."""


def is_exact(facts: AudioFacts) -> bool:
    """Whether the recording itself may be played."""
    return (
        (facts.container, facts.codec) in _EXACT
        and facts.start_offset_s == 0
        and facts.channel_rule in _PLAIN_RULES
        and _HARMLESS.issuperset(facts.warnings)
    )
