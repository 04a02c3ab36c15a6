"""Files are written whole or not at all, on a local folder and on any other fsspec filesystem."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scribe.adapters.storage import FolderCheckpoints, Storage, only_one, write_atomically
from scribe.domain.errors import ResourceError


@pytest.fixture(params=["folder", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "new") if request.param == "folder" else f"memory://{tmp_path.name}")


def test_what_is_written_is_read(storage: Storage) -> None:
    storage.write("20261122/x/fusion.json", b"{}")
    assert storage.read("20261122/x/fusion.json") == b"{}"


def test_what_is_not_there_is_none(storage: Storage) -> None:
    assert storage.read("nothing/here.json") is None


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "fusion.json"
    write_atomically(target, b"old")

    def power_cut(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["fusion.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_is_a_resource_error_with_the_folder_named(tmp_path: Path) -> None:
    """A real ENOSPC: a child limited to 4 kB a file is told EFBIG, which ends the same way."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from scribe.adapters.storage import write_atomically\n"
        "from scribe.domain.errors import ResourceError\n"
        "try:\n    write_atomically(Path(sys.argv[1]) / 'x', b'0' * 100_000)\n"
        "except ResourceError as error:\n    sys.exit(0 if sys.argv[1] in str(error) else 2)\n"
        "sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_are_for_their_owner_only(tmp_path: Path) -> None:
    checkpoints = FolderCheckpoints(tmp_path / ".checkpoints")
    checkpoints.write("diarize.json", b"voiceprints")
    assert (tmp_path / ".checkpoints").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".checkpoints" / "diarize.json").stat().st_mode & 0o777 == 0o600


def test_tidying_removes_working_files_and_keeps_checkpoints(tmp_path: Path) -> None:
    checkpoints = FolderCheckpoints(tmp_path)
    checkpoints.write("convert.json", b"{}")
    checkpoints.scratch("audio-1.wav").write_bytes(b"RIFF")
    checkpoints.tidy()
    assert [path.name for path in tmp_path.iterdir()] == ["convert.json"]


def test_only_one_process_works_in_a_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from scribe.adapters.storage import only_one\n"
        "with only_one(Path(sys.argv[1])) as is_mine: sys.exit(0 if is_mine else 7)"
    )
    with only_one(tmp_path) as is_mine:
        assert is_mine
        assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 7
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0


def test_the_resource_error_may_be_retried() -> None:
    assert ResourceError.is_retryable
