from dataclasses import replace

import pytest

from scribe.domain.audio import AudioFacts
from scribe.domain.playback import is_exact

WAV = AudioFacts(60.0, "wav", "pcm_s16le", 48_000, 2, "average", 0.0, "ab" * 32, 1000)


def test_plain_samples_are_played_as_they_are() -> None:
    assert is_exact(WAV)
    assert is_exact(replace(WAV, container="flac", codec="flac", channel_rule="mono", warnings=("silent",)))


@pytest.mark.parametrize(
    "differs",
    [
        {"container": "mp3", "codec": "mp3"},
        {"container": "mov,mp4,m4a,3gp,3g2,mj2", "codec": "aac"},
        {"container": "ogg", "codec": "flac"},
        {"codec": "pcm_s32le"},
        {"codec": "adpcm_ms"},
        {"start_offset_s": 0.02},
        {"channel_rule": "channel:1"},
        {"channel_rule": "opposite-phase"},
        {"warnings": ("truncated",)},
        {"warnings": ("silent", "gaps-filled")},
        {"warnings": ("turned-up",)},
    ],
)
def test_nothing_else_is(differs: dict[str, object]) -> None:
    assert not is_exact(replace(WAV, **differs))  # type: ignore[arg-type]
