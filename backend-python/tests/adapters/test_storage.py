"""Files are written whole or not at all: one contract for a local folder, a real S3 server and other filesystems."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scribe.adapters.storage import FolderCheckpoints, Storage, only_one, write_atomically
from scribe.adapters.storage_object import PART_BYTES
from scribe.domain.errors import NotFoundError, OptionError, ResourceError, StorageError

KEY = "results/20261122/x/fusion.json"


@pytest.fixture(params=["folder", "memory", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage(str(tmp_path / "new"))
    if request.param == "memory":
        return Storage(f"memory://{tmp_path.name}")
    return Storage(str(request.getfixturevalue("s3_storage_url")))


def break_off(storage: Storage, content: bytes) -> None:
    with storage.open_write(KEY) as sink:
        sink.write(content)
        raise KeyboardInterrupt


def test_what_is_written_is_read(storage: Storage) -> None:
    storage.write(KEY, b"{}")
    assert storage.read(KEY) == b"{}"
    assert storage.size(KEY) == 2


def test_what_is_not_there_is_none(storage: Storage) -> None:
    assert storage.read("nothing/here.json") is None
    assert storage.size("nothing/here.json") is None
    assert storage.keys("nothing") == []
    with pytest.raises(NotFoundError):
        storage.open_read("nothing/here.json")


def test_a_second_write_replaces_the_first(storage: Storage) -> None:
    storage.write(KEY, b"first, and longer")
    storage.write(KEY, b"second")
    assert storage.read(KEY) == b"second"


@pytest.mark.parametrize("size_bytes", [0, 5, PART_BYTES, 2 * PART_BYTES + 4711])
def test_a_stream_arrives_whole(storage: Storage, size_bytes: int, tmp_path: Path) -> None:
    content = os.urandom(size_bytes)
    with storage.open_write(KEY) as sink:
        for start in range(0, size_bytes, 3 << 20):
            sink.write(content[start : start + (3 << 20)])
    assert storage.size(KEY) == size_bytes
    storage.download(KEY, tmp_path / "copy")
    assert hashlib.sha256((tmp_path / "copy").read_bytes()).digest() == hashlib.sha256(content).digest()


def test_a_file_appears_only_when_it_is_complete(storage: Storage) -> None:
    with storage.open_write(KEY) as sink:
        sink.write(b"x" * (PART_BYTES + 1))
        assert storage.size(KEY) is None
        assert storage.keys("results") == [] or "memory" in storage._url
    assert storage.keys("results") == [KEY]


def test_an_exception_leaves_nothing_of_a_new_file(storage: Storage) -> None:
    with pytest.raises(KeyboardInterrupt):
        break_off(storage, b"x" * (PART_BYTES + 1))
    assert storage.keys("results") == []
    assert storage.remove_leftovers(older_than_s=-60) == 0


def test_an_exception_leaves_the_old_file(storage: Storage) -> None:
    storage.write(KEY, b"old")
    with pytest.raises(KeyboardInterrupt):
        break_off(storage, b"new")
    assert storage.read(KEY) == b"old"


def test_reading_starts_anywhere(storage: Storage) -> None:
    content = os.urandom(100_000)
    storage.write(KEY, content)
    with storage.open_read(KEY) as file:
        file.seek(90_000)
        assert file.read(10) == content[90_000:90_010]
        file.seek(5)
        assert file.read() == content[5:]


def test_keys_are_listed_in_order_and_only_below_the_folder(storage: Storage) -> None:
    for key in ("a/2/z", "a/1/y", "a/1/.run-7/x", "ab/1"):
        storage.write(key, b"1")
    assert storage.keys("a") == ["a/1/.run-7/x", "a/1/y", "a/2/z"]


def test_a_listing_knows_size_and_age(storage: Storage) -> None:
    storage.write(KEY, b"four")
    [file] = storage.files("results")
    assert (file.key, file.size_bytes) == (KEY, 4)
    assert abs(datetime.now(UTC) - file.modified_at) < timedelta(seconds=60)


def test_moving_replaces_and_may_be_repeated(storage: Storage) -> None:
    storage.write("r/.run-1/a.json", b"new")
    storage.write("r/a.json", b"old")
    storage.move("r/.run-1/a.json", "r/a.json")
    storage.move("r/.run-1/a.json", "r/a.json")
    assert storage.read("r/a.json") == b"new"
    assert storage.keys("r") == ["r/a.json"]


def test_moving_what_was_never_there_is_told(storage: Storage) -> None:
    storage.write("other", b"")
    with pytest.raises(NotFoundError):
        storage.move("r/nothing", "r/target")


def test_deleting_may_be_repeated(storage: Storage) -> None:
    storage.write(KEY, b"1")
    storage.write("results/20261122/y/fusion.json", b"2")
    storage.delete(KEY)
    storage.delete(KEY)
    storage.delete_folder("results/20261122/y")
    storage.delete_folder("results/20261122/y")
    assert storage.keys("results") == []


def test_a_folder_is_deleted_with_all_below_it_and_nothing_beside_it(storage: Storage) -> None:
    for key in ("c/1/a", "c/1/b/c", "c/12/a"):
        storage.write(key, b"1")
    storage.delete_folder("c/1")
    assert storage.keys("c") == ["c/12/a"]


def test_a_probe_leaves_nothing(storage: Storage) -> None:
    storage.probe()
    assert storage.keys("probe") == []


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../up", "a/../../up", "a\0b"])
def test_no_key_leaves_the_root(storage: Storage, key: str) -> None:
    for attempt in (storage.read, storage.delete, storage.delete_folder, storage.size, storage.keys):
        with pytest.raises(ValueError, match="no key"):
            attempt(key)
    with pytest.raises(ValueError, match="no key"):
        storage.write(key, b"")


def test_only_a_local_storage_has_paths(storage: Storage) -> None:
    storage.write(KEY, b"1")
    path = storage.local_path(KEY)
    assert (path is not None and path.read_bytes() == b"1") if storage.is_local else path is None
    assert (storage.room() is not None) == storage.is_local


# --- a local folder ---------------------------------------------------------------------------------------------------


def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.write("checkpoints/1/diarize.json", b"voiceprints", private=True)
    assert (tmp_path / "checkpoints/1/diarize.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "checkpoints/1").stat().st_mode & 0o777 == 0o700


def test_a_storage_that_is_gone_is_not_an_empty_one(tmp_path: Path) -> None:
    """A disk that was unmounted: what is written then would be hidden when it comes back, and what is missing is not
    lost."""
    storage = Storage(str(tmp_path / "mount"))
    storage.write(KEY, b"1")
    (tmp_path / "mount").rename(tmp_path / "away")
    for attempt in (storage.read, storage.size, storage.open_read, storage.keys, storage.delete_folder):
        with pytest.raises(StorageError, match="gone"):
            attempt(KEY)
    with pytest.raises(StorageError, match="gone"):
        storage.write("results/new", b"2")
    with pytest.raises(StorageError):
        storage.probe()
    (tmp_path / "away").rename(tmp_path / "mount")
    assert storage.read(KEY) == b"1"


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_bytes(b"")
    with pytest.raises(StorageError):
        Storage(str(tmp_path)).write(KEY, b"")


def test_a_full_disk_stops_a_stream_and_leaves_nothing(tmp_path: Path) -> None:
    """A real limit of the kernel's, as for a disk quota."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "from scribe.adapters.storage import Storage\n"
        "from scribe.domain.errors import ResourceError\n"
        "try:\n"
        "    with Storage(sys.argv[1]).open_write('uploads/1/recording') as sink:\n"
        "        for _ in range(20): sink.write(b'0' * 100_000)\n"
        "except ResourceError as error:\n    sys.exit(0 if sys.argv[1] in str(error) else 2)\n"
        "sys.exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_folders_may_come_and_go_while_others_write(tmp_path: Path) -> None:
    """Housekeeping empties a folder in the moment in which another process writes its first file there."""
    storage = Storage(str(tmp_path))
    storage.write("u/0", b"")
    is_over = threading.Event()

    def sweep() -> None:
        while not is_over.is_set():
            with suppress(StorageError):  # written to at each of its attempts: told, and housekeeping comes again
                storage.delete_folder("u/x")

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for _ in range(50):
            try:
                storage.write("u/x/file", b"1")
            except StorageError as error:  # swept between the temporary file and its rename: told, not silent
                assert isinstance(error.__cause__, FileNotFoundError)  # noqa: PT017 -- one of two right outcomes
    finally:
        is_over.set()
        sweeper.join()


def test_leftovers_of_the_dead_are_removed_when_they_are_old(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from scribe.adapters.storage import Storage\n"
        "with Storage(sys.argv[1]).open_write('uploads/1/recording') as sink:\n"
        "    sink.write(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    storage = Storage(str(tmp_path))
    assert storage.keys("uploads") == []
    assert storage.remove_leftovers(older_than_s=3600) == 0
    assert storage.remove_leftovers(older_than_s=-1) == 1
    assert list((tmp_path / "uploads").iterdir()) == []


# --- S3 ---------------------------------------------------------------------------------------------------------------


def test_a_multipart_upload_of_the_dead_is_aborted_when_it_is_old(s3_storage_url: str) -> None:
    storage = Storage(s3_storage_url)
    with storage.open_write("a/b") as other:
        other.write(b"x" * (PART_BYTES + 1))
        assert storage.remove_leftovers(older_than_s=3600) == 0
    assert storage.size("a/b") == PART_BYTES + 1
    files = storage._objects
    assert files is not None
    bucket, key = files.split(files._full("dead"))
    files.call("create_multipart_upload", Bucket=bucket, Key=key)
    assert storage.remove_leftovers(older_than_s=-60) == 1
    assert storage.remove_leftovers(older_than_s=-60) == 0


def test_a_server_that_is_not_there_is_a_storage_error_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    started = time.monotonic()
    with pytest.raises(StorageError):
        Storage("s3://nowhere/x").probe()
    assert time.monotonic() - started < 20


def test_wrong_credentials_are_a_storage_error(s3_storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    storage = Storage(s3_storage_url + "-other")
    with pytest.raises(StorageError):
        storage.write("x", b"1")


def test_a_url_nobody_understands_is_told() -> None:
    with pytest.raises(OptionError, match="not understood"):
        Storage("nonsense://x")


# --- one file ---------------------------------------------------------------------------------------------------------


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
