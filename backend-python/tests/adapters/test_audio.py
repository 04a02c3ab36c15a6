"""The converter as the pipeline sees it: any file in, 16 kHz mono WAV or a clear error out, and nothing left behind."""

import os
import shutil
import signal
import socket
import sys
import wave
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import numpy as np
import psutil
import pytest

from scribe.adapters.audio import MAX_WAV_DURATION_S, PyAvConverter
from scribe.adapters.audio_channels import Floats
from scribe.domain.audio import SAMPLE_RATE_HZ, AudioFacts
from scribe.domain.errors import (
    ArtefactError,
    AudioCorruptError,
    AudioEmptyError,
    AudioError,
    AudioTooLongError,
    Cancelled,
    NoAudioTrackError,
    NotAudioError,
    ResourceError,
)


def ignore(_fraction: float) -> None:
    """Progress that nobody looks at."""


def wav_file(path: Path, duration_s: float = 2.0, rate_hz: int = 16_000, channels: int = 1) -> Path:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    pcm = (8000 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2")
    with wave.open(str(path), "wb") as wav:
        wav.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        wav.writeframes(np.repeat(pcm, channels).tobytes())
    return path


def converted(source: Path, target: Path) -> tuple[Floats, AudioFacts]:
    converter = PyAvConverter()
    facts = converter.convert(source, target, ignore)
    return converter.open(target).samples(0, 1 << 40), facts


def test_a_recording_becomes_16_khz_mono_wav_that_any_reader_understands(tmp_path: Path) -> None:
    source = wav_file(tmp_path / "in.wav", 2.0, 44_100, 2)
    facts = PyAvConverter().convert(source, tmp_path / "out.wav", ignore)
    with wave.open(str(tmp_path / "out.wav")) as wav:
        assert wav.getparams()[:4] == (1, 2, SAMPLE_RATE_HZ, 32_000)
    assert (facts.duration_s, facts.source_sample_rate_hz, facts.source_channels) == (2.0, 44_100, 2)
    assert (facts.container, facts.codec, facts.channel_rule) == ("wav", "pcm_s16le", "average")
    assert facts.size_bytes == source.stat().st_size
    assert len(facts.sha256) == 64
    assert facts.warnings == ()


def test_the_opened_waveform_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    wav_file(tmp_path / "in.wav")
    converter = PyAvConverter()
    converter.convert(tmp_path / "in.wav", tmp_path / "out.wav", ignore)
    waveform = converter.open(tmp_path / "out.wav")
    assert isinstance(waveform.pcm, np.memmap)
    assert waveform.duration_s == 2.0


def test_progress_never_falls_and_ends_at_one(tmp_path: Path) -> None:
    seen: list[float] = []
    PyAvConverter().convert(wav_file(tmp_path / "in.wav", 60.0, 44_100), tmp_path / "out.wav", seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize(
    "name",
    [
        "-rf.wav",
        "a;touch x.wav",
        "$(touch x)`id`.wav",
        "line\nbreak '\"\\ quote.wav",
        "..%2f..%2fetc%2fpasswd",
        "Re\u0301union d\u2019e\u0301quipe \u4f1a\u8bae \U0001f3a4.wav",
        "http:__127.0.0.1_x",
        "concat:a|b",
        "x" * 251 + ".wav",
    ],
)
def test_a_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    wav_file(tmp_path / "plain.wav").rename(tmp_path / name)
    facts = PyAvConverter().convert(tmp_path / name, tmp_path / "out" / "audio.wav", ignore)
    assert facts.duration_s == 2.0
    assert {path.name for path in tmp_path.rglob("*")} == {name, "out", "audio.wav"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", AudioEmptyError),
        (b"Dear all,\nplease find attached.\n" * 50, NotAudioError),
        (b"<!DOCTYPE html><html><body>x</body></html>", NotAudioError),
        (b"PK\x05\x06" + bytes(18), NotAudioError),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0data\0\0\0\0", AudioCorruptError),
        (b"\0\0\0\x18ftypmp42" + bytes(3000), AudioCorruptError),
    ],
)
def test_what_is_no_recording_is_refused_plainly(content: bytes, error: type[AudioError], tmp_path: Path) -> None:
    (tmp_path / "in.mp3").write_bytes(content)
    with pytest.raises(error, match=r"\.$") as raised:
        PyAvConverter().convert(tmp_path / "in.mp3", tmp_path / "out.wav", ignore)
    assert type(raised.value) is error
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp3"]


def test_folders_pipes_devices_and_missing_files_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for source in (tmp_path, tmp_path / "pipe.wav", Path("/dev/zero")):
        with pytest.raises(NotAudioError):
            PyAvConverter().convert(source, tmp_path / "out.wav", ignore)
    with pytest.raises(AudioError, match="no such file"):
        PyAvConverter().convert(tmp_path / "missing.wav", tmp_path / "out.wav", ignore)


def test_a_playlist_neither_opens_a_file_nor_makes_a_connection(tmp_path: Path) -> None:
    named = wav_file(tmp_path / "named.wav")
    os.utime(named, (0, named.stat().st_mtime))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.wav"
        for script in (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{address}\n#EXTINF:5,\n{named}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{named}'\nfile '{address}'\n",
        ):
            (tmp_path / "list.mp3").write_text(script)
            with pytest.raises(NotAudioError):
                PyAvConverter().convert(tmp_path / "list.mp3", tmp_path / "out.wav", ignore)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert named.stat().st_atime == 0


def test_the_limit_on_length_holds(tmp_path: Path) -> None:
    wav_file(tmp_path / "in.wav", 5.0)
    with pytest.raises(AudioTooLongError):
        PyAvConverter(max_duration_s=4.0).convert(tmp_path / "in.wav", tmp_path / "out.wav", ignore)
    assert not (tmp_path / "out.wav").exists()
    with pytest.raises(ValueError, match="max_duration_s"):
        PyAvConverter(max_duration_s=MAX_WAV_DURATION_S + 1)


def test_too_little_memory_is_a_clear_error(tmp_path: Path) -> None:
    """Sixty-four channels need some 50 MB, and get 8."""
    wav_file(tmp_path / "in.wav", 5.0, 48_000, 64)
    with pytest.raises(ResourceError, match="memory"):
        PyAvConverter(max_memory_mb=8).convert(tmp_path / "in.wav", tmp_path / "out.wav", ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def decoders() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it ended between the two lines
            if "scribe.adapters.audio_decode" in child.cmdline():
                found.append(child)
    return found


def test_a_child_that_hangs_is_ended(tmp_path: Path) -> None:
    def freeze(_fraction: float) -> None:
        for child in decoders():
            child.send_signal(signal.SIGSTOP)

    with pytest.raises(ResourceError, match="standstill"):
        PyAvConverter(stall_timeout_s=0.5).convert(wav_file(tmp_path / "in.wav"), tmp_path / "out.wav", freeze)
    assert decoders() == []
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.parametrize(("number", "error"), [(signal.SIGSEGV, AudioCorruptError), (signal.SIGKILL, ResourceError)])
def test_a_child_that_dies_is_a_clear_error(number: int, error: type[Exception], tmp_path: Path) -> None:
    def shoot(_fraction: float) -> None:
        for child in decoders():
            child.send_signal(number)

    with pytest.raises(error):
        PyAvConverter().convert(wav_file(tmp_path / "in.wav", 600.0), tmp_path / "out.wav", shoot)


def test_a_cancel_ends_the_child_and_leaves_nothing(tmp_path: Path) -> None:
    def cancel(_fraction: float) -> NoReturn:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        PyAvConverter().convert(wav_file(tmp_path / "in.wav", 600.0), tmp_path / "out.wav", cancel)
    assert decoders() == []
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_an_old_result_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    (tmp_path / "bad.mp3").write_bytes(b"no sound")
    with pytest.raises(NotAudioError):
        PyAvConverter().convert(tmp_path / "bad.mp3", target, ignore)
    assert target.read_bytes() == b"old"
    PyAvConverter().convert(wav_file(tmp_path / "in.wav"), target, ignore)
    assert target.stat().st_size == 64_044


def test_the_child_gets_no_secret_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_SECRET_TOKEN", "hush")
    seen: list[dict[str, str]] = []

    def look(fraction: float) -> None:
        if fraction > 0.02 and not seen:
            seen.extend(child.environ() for child in decoders())

    PyAvConverter().convert(wav_file(tmp_path / "in.wav", 600.0), tmp_path / "out.wav", look)
    assert seen
    assert not any("SCRIBE_SECRET_TOKEN" in environment for environment in seen)


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(100)])
def test_opening_something_else_is_an_artefact_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "out.wav").write_bytes(content)
    with pytest.raises(ArtefactError):
        PyAvConverter().open(tmp_path / "out.wav")


def test_opening_a_half_written_wav_is_an_artefact_error(tmp_path: Path) -> None:
    PyAvConverter().convert(wav_file(tmp_path / "in.wav"), tmp_path / "out.wav", ignore)
    os.truncate(tmp_path / "out.wav", 1000)
    with pytest.raises(ArtefactError, match="incomplete"):
        PyAvConverter().open(tmp_path / "out.wav")


def test_the_settings_name_what_the_samples_depend_on() -> None:
    assert set(PyAvConverter().settings) == {"decoder", "decoder_version", "rules"}


# The recordings of ../shared/audio: real encoders, and every nasty file of nasty-README.md.

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


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors of other processes are seen through /proc")
def test_the_child_holds_the_recording_the_output_and_nothing_else(tmp_path: Path) -> None:
    source = wav_file(tmp_path / "in.wav", 600.0)
    seen: list[set[str]] = []

    def look(fraction: float) -> None:
        for child in decoders() if fraction > 0.02 and not seen else ():
            folder = Path(f"/proc/{child.pid}/fd")
            names = {str(link.readlink()) for link in folder.iterdir()}
            seen.append({name for name in names if not name.startswith("pipe:") and name != os.devnull})

    PyAvConverter().convert(source, tmp_path / "out.wav", look)
    assert any(source.name in name for name in seen[-1])
    assert len(seen[-1]) == 2
