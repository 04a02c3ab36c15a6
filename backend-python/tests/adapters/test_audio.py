"""The converter as the pipeline sees it: any file in, 16 kHz mono WAV or a clear error out, and nothing left behind."""

import os
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
from scribe.adapters.audio_pcm import PcmFile
from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.errors import (
    ArtefactError,
    AudioCorruptError,
    AudioEmptyError,
    AudioError,
    AudioTooLongError,
    Cancelled,
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
    assert isinstance(waveform.pcm, PcmFile)
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
