"""Times in the result are the player's times: gaps are silence, late tracks are padded, jitter changes nothing."""

import contextlib
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scribe.adapters.audio_channels import Floats
from scribe.adapters.audio_decode import ReportedSource, WavWriter, convert
from scribe.adapters.audio_track import AudioTrack
from scribe.domain.audio import SAMPLE_RATE_HZ
from scribe.domain.errors import AudioError, AudioTooLongError, NotAudioError

RATE_HZ = 48_000
FRAME = 960


def tone(duration_s: float, frequency_hz: float = 440.0, rate_hz: int = RATE_HZ) -> Floats:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def media(
    samples: Floats, container: str = "webm", codec: str = "libopus", shift: Callable[[int], int] = lambda _: 0
) -> io.BytesIO:
    """``samples`` encoded; packet ``index`` is moved by ``shift(index)`` milliseconds."""
    stream_bytes = io.BytesIO()
    with av.open(stream_bytes, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE_HZ, layout="mono")
        packets = []
        for start in range(0, samples.size // FRAME * FRAME, FRAME):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + FRAME], format="fltp", layout="mono")
            if codec == "libopus":
                frame = av.AudioFrame.from_ndarray(samples[None, start : start + FRAME], format="flt", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for index, packet in enumerate(packets):
            assert packet.pts is not None
            assert packet.time_base is not None
            moved = packet.pts + round(shift(index) / 1000 / packet.time_base)
            packet.pts = packet.dts = moved
            output.mux(packet)
    stream_bytes.seek(0)
    return stream_bytes


def decoded(source: io.BytesIO, max_duration_s: float = 3600.0) -> tuple[Floats, AudioTrack]:
    """(num_samples,) at the source's rate, silences put in."""
    track = AudioTrack(source, max_duration_s=max_duration_s)
    parts = []
    for block in track.blocks():
        parts += [np.zeros(block.silence_before, np.float32), block.samples[0]]
    track.close()
    return np.concatenate(parts), track


def is_sounding(samples: Floats, start_s: float, end_s: float) -> bool:
    part = samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return bool(np.sqrt(np.mean(part**2)) > 0.1)


def test_a_gap_in_the_timestamps_is_silence_of_that_length() -> None:
    samples, track = decoded(media(tone(4.0), shift=lambda index: 3000 if index >= 100 else 0))
    assert samples.size / RATE_HZ == pytest.approx(7.0, abs=0.03)
    assert track.gap_s == pytest.approx(3.0, abs=0.02)
    assert is_sounding(samples, 0.1, 1.9)
    assert not samples[round(2.1 * RATE_HZ) : round(4.9 * RATE_HZ)].any()
    assert is_sounding(samples, 5.1, 6.9)


def test_lost_packets_do_not_move_what_follows() -> None:
    """Ten losses of 60 ms, as in a bad call: each is too short to hear, together they are 0.6 s."""
    samples, track = decoded(media(tone(10.0), shift=lambda index: 60 * (index // 50)))
    assert samples.size / RATE_HZ == pytest.approx(10.57, abs=0.05)
    assert track.gap_s == pytest.approx(0.57, abs=0.05)


def test_jittering_timestamps_neither_cut_nor_tear_the_sound() -> None:
    """Once a second the network holds packets back, then delivers them in a burst."""
    samples, track = decoded(media(tone(6.0), "matroska", shift=lambda index: max(80 - 16 * ((index + 25) % 50), 0)))
    assert track.gap_s == 0
    assert samples.size / RATE_HZ == pytest.approx(6.0, abs=0.03)


def test_timestamps_that_start_again_lose_nothing() -> None:
    """Two recordings joined by `cat`."""
    samples, _ = decoded(io.BytesIO(media(tone(2.0), "ogg").getvalue() * 2))
    assert samples.size / RATE_HZ == pytest.approx(4.0, abs=0.05)


def test_a_gap_of_days_is_refused_before_it_is_made() -> None:
    with pytest.raises(AudioTooLongError, match="60 minutes"):
        decoded(media(tone(2.0), "matroska", shift=lambda index: 90_000_000 if index >= 50 else 0))


def test_a_long_recording_is_refused_as_soon_as_it_is_too_long() -> None:
    with pytest.raises(AudioTooLongError):
        decoded(media(tone(10.0)), max_duration_s=5.0)


def late_track(offset_s: float) -> io.BytesIO:
    """A picture from 0 on, sound from ``offset_s`` on."""
    stream_bytes = io.BytesIO()
    with av.open(stream_bytes, "w", format="mp4") as output:
        video = output.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        audio = output.add_stream("aac", rate=RATE_HZ, layout="mono")
        for index in range(60):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = index, Fraction(1, 10)
            output.mux(video.encode(picture))
        output.mux(video.encode(None))
        samples = tone(3.0)
        for start in range(0, samples.size - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = start + round(offset_s * RATE_HZ)
            output.mux(audio.encode(frame))
        output.mux(audio.encode(None))
    stream_bytes.seek(0)
    return stream_bytes


def test_a_track_that_starts_after_the_picture_is_padded() -> None:
    samples, track = decoded(late_track(2.5))
    assert track.start_offset_s == pytest.approx(2.5, abs=0.03)
    assert not samples[: round(2.4 * RATE_HZ)].any()
    assert is_sounding(samples, 2.6, 5.3)


@pytest.mark.parametrize("rate_hz", [96_000, 48_000, 44_100, 44_099, 32_000])
@pytest.mark.parametrize(("frequency_hz", "lowest_db", "highest_db"), [(300, -0.1, 0.1), (7_000, -0.5, 0.5)])
def test_speech_frequencies_pass_unchanged(
    rate_hz: int, frequency_hz: float, lowest_db: float, highest_db: float
) -> None:
    assert lowest_db < resampled_level_db(rate_hz, frequency_hz) < highest_db


@pytest.mark.parametrize("rate_hz", [96_000, 48_000, 44_100, 44_099, 32_000])
@pytest.mark.parametrize("frequency_hz", [8_300, 10_000, 14_000])
def test_what_16_khz_cannot_hold_does_not_fold_back(rate_hz: int, frequency_hz: float) -> None:
    """The seed's peers fold 10 kHz to 6 kHz at 85 % of its level."""
    assert resampled_level_db(rate_hz, frequency_hz) < -80


def resampled_level_db(rate_hz: int, frequency_hz: float) -> float:
    signal = tone(2.0, frequency_hz, rate_hz) / np.float32(0.3)
    written = written_samples(signal, rate_hz)[4000:-4000].astype(np.float64)
    return float(10 * np.log10(2 * np.mean(written**2) / 32767**2 + 1e-12))


def written_samples(signal: Floats, rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    output = io.BytesIO()
    writer = WavWriter(output, rate_hz)
    for start in range(0, signal.size, 10_007):
        writer.write(signal[start : start + 10_007])
    writer.finish()
    return np.frombuffer(output.getvalue()[44:], "<i2")


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 192_000])
def test_resampling_moves_and_loses_nothing(rate_hz: int) -> None:
    click = np.zeros(2 * rate_hz, np.float32)
    click[rate_hz] = 1.0
    written = written_samples(click, rate_hz)
    assert abs(int(np.argmax(np.abs(written))) - SAMPLE_RATE_HZ) <= 1
    assert abs(written.size - 2 * SAMPLE_RATE_HZ) <= 1


def test_what_is_16_khz_already_is_copied_bit_by_bit() -> None:
    noise = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    assert np.array_equal(written_samples((noise / 32768).astype(np.float32), SAMPLE_RATE_HZ), noise)


def test_a_change_of_rate_and_channels_on_the_way_is_followed() -> None:
    """Two MP3s joined by `cat`, as podcasts' intros are."""
    joined = io.BytesIO(_mp3(44_100, "stereo") + _mp3(22_050, "mono"))
    samples, track = decoded(joined)
    assert track.changes > 0
    assert samples.size / track.sample_rate_hz == pytest.approx(4.0, abs=0.1)


def _mp3(rate_hz: int, layout: str) -> bytes:
    stream_bytes = io.BytesIO()
    with av.open(stream_bytes, "w", format="mp3", options={"write_xing": "0"}) as output:
        stream = output.add_stream("libmp3lame", rate=rate_hz, layout=layout)
        channels = 2 if layout == "stereo" else 1
        samples = np.repeat(tone(2.0, rate_hz=rate_hz)[None, :], channels, axis=0)
        for start in range(0, samples.shape[1], 1152):
            part = np.ascontiguousarray(samples[:, start : start + 1152])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return stream_bytes.getvalue()


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_are_not_sound(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, 100_000).astype(np.uint8).tobytes()
    for head in (b"", b"\xff\xfb\x90\x64", b"ID3\x04\x00\x00\x00\x00\x00\x00"):
        with pytest.raises(AudioError):
            facts_of(head + noise)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("container", ["webm", "ogg", "mp4", "mp3", "flac", "wav"])
def test_a_damaged_file_ends_in_facts_or_in_a_clear_error(container: str, seed: int) -> None:
    """Fuzzing with a fixed seed: bits flipped and the end cut, nothing but our own errors comes out."""
    codec = {"webm": "libopus", "ogg": "libopus", "mp4": "aac", "mp3": "libmp3lame"}.get(container)
    whole = media(tone(2.0), container, codec).getvalue() if codec else _pcm(container)
    rng = np.random.default_rng(seed)
    damaged = np.frombuffer(whole, np.uint8).copy()
    damaged[rng.integers(0, damaged.size, 30)] ^= rng.integers(1, 256, 30).astype(np.uint8)
    with contextlib.suppress(AudioError):
        duration_s = facts_of(damaged[: rng.integers(damaged.size // 2, damaged.size)].tobytes())["duration_s"]
        assert isinstance(duration_s, float)
        assert 0 < duration_s < 60


def _pcm(container: str) -> bytes:
    stream_bytes = io.BytesIO()
    with av.open(stream_bytes, "w", format=container) as output:
        stream = output.add_stream("flac" if container == "flac" else "pcm_s16le", rate=RATE_HZ, layout="mono")
        pcm = (tone(2.0) * 32767).astype(np.int16)
        for start in range(0, pcm.size, 4096):
            frame = av.AudioFrame.from_ndarray(pcm[None, start : start + 4096], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return stream_bytes.getvalue()


def facts_of(content: bytes) -> dict[str, object]:
    return convert(ReportedSource(io.BytesIO(content), lambda _: None), io.BytesIO(), 600.0)


@pytest.mark.parametrize(
    "script",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
        "1\n00:00:00,000 --> 00:00:02,000\nHello\n",
        "[ar:somebody]\n[00:01.00]words\n",
    ],
)
def test_a_file_that_only_names_or_describes_media_is_refused(script: str, tmp_path: Path) -> None:
    named = tmp_path / "named.wav"
    named.write_bytes(_pcm("wav"))
    with pytest.raises(NotAudioError):
        facts_of(script.format(path=named).encode())
