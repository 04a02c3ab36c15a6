"""Real encoders' files and every file of nasty-README.md: the right sound at the right time, or the right refusal."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from scribe.adapters.audio import PyAvConverter
from scribe.adapters.audio_channels import Floats
from scribe.domain.audio import SAMPLE_RATE_HZ, AudioFacts
from scribe.domain.errors import (
    AudioCorruptError,
    AudioEmptyError,
    AudioError,
    AudioTooLongError,
    NoAudioTrackError,
    NotAudioError,
)


def ignore(_fraction: float) -> None:
    """Progress that nobody looks at."""


def converted(source: Path, target: Path) -> tuple[Floats, AudioFacts]:
    converter = PyAvConverter()
    facts = converter.convert(source, target, ignore)
    return converter.open(target).samples(0, 1 << 40), facts


LOSSLESS = 0.99
SAME_20_S = {
    # file: (seconds, least correlation with the FLAC, most shift in ms)
    "aac.m4a": (20.0, 0.98, 5),
    "aac_adts.aac": (20.03, 0.98, 25),  # ADTS cannot say how much priming to cut
    "ac3.ac3": (20.0, 0.98, 10),
    "aiff_8s.aiff": (8.02, LOSSLESS, 1),
    "alac.m4a": (20.0, LOSSLESS, 1),
    "flac.flac": (20.0, LOSSLESS, 1),
    "gsm.gsm": (20.0, 0.9, 5),
    "mp3_64k.mp3": (20.0, 0.98, 5),
    "mp3_vbr_joint.mp3": (20.0, 0.98, 5),
    "opus.opus": (20.0, 0.98, 5),
    "opus.webm": (20.0, 0.98, 5),
    "video.mov": (20.0, 0.98, 5),
    "video_h264_aac.mp4": (20.0, 0.98, 5),
    "video_h264_mp3.mkv": (20.02, 0.98, 25),  # muxed with its priming, as a player plays it
    "video_mpeg4_mp2.avi": (20.02, 0.98, 15),
    "video_two_audio_tracks_en_fr.mp4": (20.0, 0.98, 5),
    "video_vp8_opus.webm": (20.0, 0.98, 5),
    "vorbis.ogg": (20.0, 0.98, 5),
    "wav_adpcm.wav": (20.09, 0.98, 5),
    "wav_alaw_8k.wav": (20.0, 0.98, 5),
    "wav_f32_44k1_stereo_8s.wav": (8.0, LOSSLESS, 1),
    "wav_mulaw_8k.wav": (20.0, 0.98, 5),
    "wav_s16_48k_8s.wav": (8.02, LOSSLESS, 1),
    "wav_s24_48k_8s.wav": (8.02, LOSSLESS, 1),
    "wav_u8_11k.wav": (20.0, 0.98, 5),
    "wma.wma": (20.05, 0.98, 45),  # its own timestamps begin a frame late
}


@pytest.fixture(scope="module")
def reference(shared_audio: Path, tmp_path_factory: pytest.TempPathFactory) -> Floats:
    return converted(shared_audio / "formats" / "flac.flac", tmp_path_factory.mktemp("reference") / "out.wav")[0]


def shift_ms(samples: Floats, reference: Floats) -> tuple[float, float]:
    """How much later ``samples`` is, and the correlation at that shift."""
    size = 1 << int(np.ceil(np.log2(samples.size + reference.size)))
    product = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(reference, size)), size)
    lag = int(np.argmax(np.abs(product)))
    lag -= size if lag > size // 2 else 0
    late, early = samples[max(lag, 0) :], reference[max(-lag, 0) :]
    length = min(late.size, early.size)
    correlation = float(np.corrcoef(late[:length], early[:length])[0, 1])
    return 1000 * lag / SAMPLE_RATE_HZ, abs(correlation)


@pytest.mark.shared
@pytest.mark.parametrize("name", SAME_20_S)
def test_the_same_speech_comes_out_of_every_format(
    name: str, shared_audio: Path, reference: Floats, tmp_path: Path
) -> None:
    duration_s, least_correlation, most_shift_ms = SAME_20_S[name]
    samples, facts = converted(shared_audio / "formats" / name, tmp_path / "out.wav")
    late_ms, correlation = shift_ms(samples, reference)
    assert facts.duration_s == pytest.approx(duration_s, abs=0.02)
    assert abs(late_ms) <= most_shift_ms
    assert correlation >= least_correlation
    assert facts.warnings == (("several-audio-tracks",) if "two_audio" in name else ())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "duration_s", "rule"),
    [
        ("real_librivox_p001.aiff", 8.99, "average"),
        ("real_librivox_p001.mp4", 9.01, "average"),
        ("real_librivox_p001.webm", 9.02, "average"),
        ("real_video_big_buck_bunny.mp4", 5.31, "downmix"),
        ("real_video_office_speech.mp4", 35.02, "average"),
    ],
)
def test_real_files_of_strangers_convert(
    name: str, duration_s: float, rule: str, shared_audio: Path, tmp_path: Path
) -> None:
    samples, facts = converted(shared_audio / "formats" / name, tmp_path / "out.wav")
    assert facts.duration_s == pytest.approx(duration_s, abs=0.02)
    assert (facts.channel_rule, facts.warnings) == (rule, ())
    assert np.abs(samples).max() > 0.05


@pytest.fixture(scope="module")
def nasty(shared_audio: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nasty")
    shutil.unpack_archive(shared_audio / "nasty.tar.gz", folder, filter="data")
    return folder / "nasty"


REFUSED: dict[str, type[AudioError]] = {
    "empty_0_bytes.wav": AudioEmptyError,
    "empty_0_bytes.mp3": AudioEmptyError,
    "zero_samples.wav": AudioEmptyError,
    "one_sample.wav": AudioEmptyError,
    "truncated_no_moov.mp4": AudioCorruptError,
    "truncated.m4a": AudioCorruptError,
    "header_zero_rate_channels.wav": AudioCorruptError,
    "header_4ghz_rate.wav": AudioCorruptError,
    "text_renamed.wav": NotAudioError,
    "html_renamed.mp3": NotAudioError,
    "zip_renamed.m4a": NotAudioError,
    "random_bytes.mp3": NotAudioError,
    "playlist_local_file.m3u8": NotAudioError,
    "playlist_named.mp3": NotAudioError,
    "concat_named.wav": NotAudioError,
    "video_no_audio.mp4": NoAudioTrackError,
}

ACCEPTED: dict[str, tuple[float, str, tuple[str, ...]]] = {
    # file: (seconds, channel rule, warnings)
    "truncated.mp3": (7.99, "mono", ("truncated",)),
    "truncated.flac": (10.27, "mono", ("truncated", "damaged-frames")),
    "polyglot_shell_name;touch x.wav": (20.0, "mono", ()),
    "very_short_150ms.wav": (0.15, "mono", ("turned-up",)),
    "mulaw_8k_stereo.wav": (15.0, "average", ()),
    "surround_5_1_centre_only.flac": (8.0, "centre", ()),
    "stereo_opposite_phase.wav": (12.0, "opposite-phase", ()),
    "stereo_left_silent.wav": (12.0, "channel:2", ()),
    "float32_nan_inf.wav": (12.0, "mono", ("invalid-samples",)),
    "float32_huge_scale.wav": (12.0, "mono", ("turned-down",)),
    "clipped_hard.wav": (12.0, "mono", ("offset-removed", "turned-down")),
    "very_quiet.wav": (12.0, "mono", ("offset-removed", "turned-up")),
    "dc_offset.wav": (12.0, "mono", ("offset-removed",)),
    "silence_60s.flac": (60.0, "mono", ("silent",)),
    "white_noise_60s.mp3": (60.0, "mono", ()),
    "room_tone_60s.opus": (60.0, "mono", ("turned-up",)),
    "tone_440hz_30s.mp3": (30.0, "mono", ()),
    "music_vibe_ace_60s.ogg": (61.46, "mono", ()),
    "music_brahms_45s.ogg": (45.84, "mono", ()),
    "song_with_words.ogg": (132.99, "mono", ()),
    "a" * 251 + ".mp3": (20.0, "mono", ()),
    "Réunion d’équipe — été 2026 «Ça va?» 会议 🎤 ñ.mp3": (20.0, "mono", ()),
    "Re\u0301union_de\u0301compose\u0301e.mp3": (20.0, "mono", ()),
    "..%2f..%2fetc%2fpasswd.mp3": (20.0, "mono", ()),
    "-rf.mp3": (20.0, "mono", ()),
    "noextension": (20.0, "mono", ()),
    "wrong_extension_mp3_inside.wav": (20.0, "mono", ()),
    "UPPER.MP3": (20.0, "mono", ()),
    "header_lies_37h.wav": (2.0, "mono", ()),
    "video_silent_audio.mp4": (10.01, "average", ("silent",)),
    "video_audio_starts_at_4s.mp4": (14.0, "mono", ()),
    "mp3_cover_art_evil_tags.mp3": (20.0, "mono", ()),
    "english_then_french.mp3": (25.0, "mono", ()),
}

SPEECH = {
    # file: (shift in ms, least correlation): the same recording as the FLAC of the formats
    "truncated.mp3": (0, 0.98),
    "truncated.flac": (0, 0.98),
    "mulaw_8k_stereo.wav": (0, 0.98),
    "surround_5_1_centre_only.flac": (0, 0.98),
    "stereo_opposite_phase.wav": (0, 0.98),
    "stereo_left_silent.wav": (0, 0.98),
    "float32_nan_inf.wav": (0, 0.98),
    "float32_huge_scale.wav": (0, 0.98),
    "dc_offset.wav": (0, 0.98),
    "very_quiet.wav": (0, 0.85),  # four bits are all that the file has
    "clipped_hard.wav": (0, 0.75),
    "video_audio_starts_at_4s.mp4": (4000, 0.98),
    "mp3_cover_art_evil_tags.mp3": (0, 0.98),
}


@pytest.mark.shared
def test_every_nasty_file_is_in_the_tables(nasty: Path) -> None:
    others = {"README.md", "silence_bomb_12h.flac", "bitflips.flac"}
    assert {path.name for path in nasty.iterdir()} == {*REFUSED, *ACCEPTED, *others}


@pytest.mark.shared
@pytest.mark.parametrize("name", REFUSED)
def test_a_nasty_file_without_sound_is_refused(name: str, nasty: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"\.$") as raised:
        PyAvConverter().convert(nasty / name, tmp_path / "out.wav", ignore)
    assert type(raised.value) is REFUSED[name]


@pytest.mark.shared
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_nasty_file_with_sound_is_converted(name: str, nasty: Path, reference: Floats, tmp_path: Path) -> None:
    samples, facts = converted(nasty / name, tmp_path / "out.wav")
    duration_s, rule, warnings = ACCEPTED[name]
    assert facts.duration_s == pytest.approx(duration_s, abs=0.02)
    assert (facts.channel_rule, facts.warnings) == (rule, warnings)
    if name in SPEECH:
        late_ms, correlation = shift_ms(samples, reference)
        assert late_ms == pytest.approx(SPEECH[name][0], abs=5)
        assert correlation > SPEECH[name][1]
        assert 0.01 < np.abs(samples).max() <= 1.0


@pytest.mark.shared
def test_a_late_track_is_reported_and_padded(nasty: Path, tmp_path: Path) -> None:
    samples, facts = converted(nasty / "video_audio_starts_at_4s.mp4", tmp_path / "out.wav")
    assert facts.start_offset_s == pytest.approx(4.0, abs=0.03)
    assert not samples[: round(3.95 * SAMPLE_RATE_HZ)].any()


@pytest.mark.shared
def test_damaged_flac_keeps_its_good_frames_in_place_and_no_noise(
    nasty: Path, reference: Floats, tmp_path: Path
) -> None:
    samples, facts = converted(nasty / "bitflips.flac", tmp_path / "out.wav")
    assert {"damaged-frames", "gaps-filled"} <= set(facts.warnings)
    kept = np.flatnonzero(samples)
    assert kept.size > 2 * SAMPLE_RATE_HZ
    assert np.abs(samples).max() < 1.1 * np.abs(reference).max()
    assert np.corrcoef(samples[kept], reference[kept])[0, 1] > 0.95


@pytest.mark.shared
def test_twelve_hours_in_160_kilobytes_meet_the_limit_on_length(nasty: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioTooLongError, match="10 minutes"):
        PyAvConverter(max_duration_s=600).convert(nasty / "silence_bomb_12h.flac", tmp_path / "out.wav", ignore)
    assert list(tmp_path.iterdir()) == []
