import stat
from pathlib import Path

import pytest

from scribe.adapters.checkpoints import StorageCheckpoints
from scribe.adapters.storage import Storage
from scribe.domain.errors import StorageError


class BlinkingStorage(Storage):
    """Away for the first calls; what a mount that comes back looks like."""

    def __init__(self, url: str, failures: int) -> None:
        super().__init__(url)
        self.failures = failures

    def write(self, key: str, content: bytes, *, private: bool = False) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise StorageError("The storage does not answer.")
        super().write(key, content, private=private)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


def test_what_one_worker_saves_another_one_reads(storage: Storage, tmp_path: Path) -> None:
    StorageCheckpoints(storage, "checkpoints/1", tmp_path / "a").write("diarize.json", b"turns")
    assert StorageCheckpoints(storage, "checkpoints/1", tmp_path / "b").read("diarize.json") == b"turns"
    assert StorageCheckpoints(storage, "checkpoints/2", tmp_path / "b").read("diarize.json") is None


def test_checkpoints_are_for_our_account_only(storage: Storage, tmp_path: Path) -> None:
    StorageCheckpoints(storage, "checkpoints/1", tmp_path / "a").write("diarize.json", b"voiceprints")
    path = storage.local_path("checkpoints/1/diarize.json")
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_working_files_are_local_and_go(storage: Storage, tmp_path: Path) -> None:
    checkpoints = StorageCheckpoints(storage, "checkpoints/1", tmp_path / "scratch")
    wav = checkpoints.scratch("audio.wav")
    wav.write_bytes(b"RIFF")
    recording = tmp_path / "scratch" / "recording"
    recording.write_bytes(b"downloaded")
    checkpoints.tidy()
    assert not wav.exists()
    assert recording.exists()
    assert storage.keys("checkpoints") == []


def test_a_storage_that_blinks_costs_no_stage(tmp_path: Path) -> None:
    storage = BlinkingStorage(str(tmp_path / "files"), failures=2)
    StorageCheckpoints(storage, "checkpoints/1", tmp_path).write("diarize.json", b"an hour's work")
    assert storage.read("checkpoints/1/diarize.json") == b"an hour's work"


def test_a_storage_that_stays_away_ends_the_attempt(tmp_path: Path) -> None:
    storage = BlinkingStorage(str(tmp_path / "files"), failures=1000)
    with pytest.raises(StorageError):
        StorageCheckpoints(storage, "checkpoints/1", tmp_path, patience_s=0.3).write("diarize.json", b"")
