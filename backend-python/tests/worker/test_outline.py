"""What is made of a recording on the way: its outline, and what a browser plays where it does not play the original."""

import hashlib
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from scribe.adapters.audio import PyAvConverter
from scribe.adapters.storage import Storage
from scribe.domain.audio import AudioFacts
from scribe.domain.errors import StorageError
from scribe.domain.meeting import RunWarning
from scribe.worker.outline import NOT_PLAYABLE, OutliningConverter
from tests.adapters.test_audio_timeline import late_track
from tests.worker.conftest import RATE, wav

PLAYBACK = "derived/a/playback.m4a"
REACH = 4000
"""Samples around the place where a click was made: some codecs begin with as many of their own."""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
def clicks() -> npt.NDArray[np.float64]:
    """(num_samples,) of silence; a click at each second of seven."""
    samples = np.zeros(8 * RATE)
    samples[RATE::RATE] = 0.9
    return samples


def convert(storage: Storage, source: Path) -> tuple[AudioFacts, list[RunWarning]]:
    warnings: list[RunWarning] = []
    converter = OutliningConverter(
        PyAvConverter(),
        storage,
        peaks_key="derived/a/peaks.json",
        playback_key=PLAYBACK,
        expected_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        on_facts=lambda facts: None,
        on_warning=warnings.append,
    )
    facts = converter.convert(source, source.with_name("audio.wav"), lambda fraction: None)
    assert {path.name for path in source.parent.iterdir() if path.is_file()} == {"audio.wav", source.name}
    return facts, warnings


def encoded(samples: npt.NDArray[np.float64], target: Path, codec: str) -> Path:
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono", bit_rate=64_000)
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype("<i2")[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target


def heard(storage: Storage) -> npt.NDArray[np.float32]:
    path = storage.local_path(PLAYBACK)
    assert path is not None
    with av.open(str(path)) as container:
        assert container.format.name == "mov,mp4,m4a,3gp,3g2,mj2"
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def clicks_at(samples: npt.NDArray[np.float32], first_s: float = 1.0) -> list[int]:
    """How many samples each click is off."""
    windows = [round((first_s + number) * RATE) for number in range(7)]
    return [int(np.argmax(np.abs(samples[at - REACH : at + REACH]))) - REACH for at in windows]


def test_what_every_browser_plays_exactly_is_played_as_it_is(
    storage: Storage, tmp_path: Path, clicks: npt.NDArray[np.float64]
) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(wav(clicks))
    _, warnings = convert(storage, source)
    assert storage.keys("derived") == ["derived/a/peaks.json"]
    assert warnings == []


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.aac", "aac"), ("a.wma", "wmav2")])
def test_of_anything_else_something_is_made_that_has_every_click_where_the_transcript_has_it(
    storage: Storage, tmp_path: Path, clicks: npt.NDArray[np.float64], name: str, codec: str
) -> None:
    source = encoded(clicks, tmp_path / name, codec)
    convert(storage, source)
    transcribed = PyAvConverter().open(tmp_path / "audio.wav").samples(0, 10 * RATE)
    played = heard(storage)
    assert 0 <= len(played) - len(transcribed) < 1024  # the last frame is a whole one
    assert np.abs(np.array(clicks_at(played)) - np.array(clicks_at(transcribed))).max() <= 2


def test_a_track_that_begins_late_is_played_in_time(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(late_track(2.5).getvalue())
    facts, _ = convert(storage, source)
    assert facts.start_offset_s == pytest.approx(2.5, abs=0.03)
    loud = np.abs(heard(storage)) > 0.1
    assert np.argmax(loud) / RATE == pytest.approx(2.5, abs=0.05)


def test_the_index_stands_before_the_sound(storage: Storage, tmp_path: Path, clicks: npt.NDArray[np.float64]) -> None:
    convert(storage, encoded(clicks, tmp_path / "a.mp3", "libmp3lame"))
    content = storage.read(PLAYBACK)
    assert content is not None
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_it_is_made_once(storage: Storage, tmp_path: Path, clicks: npt.NDArray[np.float64]) -> None:
    storage.write(PLAYBACK, b"made before")
    convert(storage, encoded(clicks, tmp_path / "a.mp3", "libmp3lame"))
    assert storage.read(PLAYBACK) == b"made before"


class Full(Storage):
    """A storage without room for what is played."""

    def open_write(self, key: str, *, private: bool = False):  # type: ignore[no-untyped-def]
        raise StorageError("no room")


def test_if_it_cannot_be_made_the_meeting_goes_on_with_a_warning(
    tmp_path: Path, clicks: npt.NDArray[np.float64]
) -> None:
    storage = Full(str(tmp_path / "files"))
    facts, warnings = convert(storage, encoded(clicks, tmp_path / "a.mp3", "libmp3lame"))
    assert facts.duration_s == pytest.approx(8.0, abs=0.2)
    assert warnings == [NOT_PLAYABLE]
    assert storage.keys("derived") == ["derived/a/peaks.json"]
