"""Files in an object store, through fsspec: S3 in the first place.

Owns multipart uploads and the errors of S3's client; keys are those of ``storage.py``, which is what callers use.
Nothing here is imported before a URL asks for it.
"""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from uuid import uuid4

from scribe.adapters.storage_local import Sink, StoredFile, no_room_is_a_resource_error
from scribe.domain.errors import NotFoundError, OptionError, ResourceError, ScribeError, StorageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PART_BYTES = 8 << 20
"""Of a multipart upload; S3 allows 10,000, so that 80 GB fit. One is in memory per file being written."""
READ_AHEAD_BYTES = 4 << 20
_FULL = ("StorageFull", "QuotaExceeded", "InsufficientStorage", "EntityTooLarge", "No space left", "volume is full")
"""Codes and words by which S3 servers say that there is no room; there is no standard one."""


class ObjectFiles:
    def __init__(self, url: str) -> None:
        self._filesystem: AbstractFileSystem
        self._filesystem, self._root = _open(url)
        protocol = self._filesystem.protocol
        self._is_s3 = "s3" in ((protocol,) if isinstance(protocol, str) else tuple(protocol))

    def read(self, key: str) -> bytes | None:
        with self._errors():
            try:
                return bytes(self._filesystem.cat_file(self._full(key)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, key: str, content: bytes) -> None:
        with self._errors():
            self._filesystem.pipe_file(self._full(key), content)  # an object store's PUT is atomic by nature

    @contextmanager
    def open_write(self, key: str) -> Iterator[Sink]:
        sink = _S3Sink(self, self._full(key)) if self._is_s3 else _PlainSink(self, self._full(key))
        try:
            yield sink
            sink.finish()
        except BaseException:
            with suppress(ScribeError):  # the first error is the one to tell; housekeeping finds what is left
                sink.abort()
            raise

    def open_read(self, key: str) -> BinaryIO:
        with self._errors():
            try:
                file = self._filesystem.open(self._full(key), "rb", block_size=READ_AHEAD_BYTES)
            except (FileNotFoundError, IsADirectoryError) as error:
                raise NotFoundError(f"There is no file {key}.") from error
        return cast("BinaryIO", io.BufferedReader(_Source(file, self), 1 << 16))

    def size(self, key: str) -> int | None:
        with self._errors():
            try:
                facts = self._filesystem.info(self._full(key))
            except (FileNotFoundError, NotADirectoryError):
                return None
        return int(facts["size"]) if facts["type"] == "file" else None

    def files(self, folder: str) -> list[StoredFile]:
        with self._errors():
            try:
                found = self._filesystem.find(self._full(folder), detail=True)
            except FileNotFoundError:
                return []
        root = self._root.strip("/")
        return sorted(
            (
                StoredFile(name.strip("/")[len(root) + 1 :], int(facts["size"] or 0), _modified_at(facts))
                for name, facts in found.items()
                if facts["type"] == "file"
            ),
            key=lambda file: file.key,
        )

    def move(self, source: str, target: str) -> None:
        with self._errors():
            try:
                self._filesystem.cp_file(self._full(source), self._full(target))
            except FileNotFoundError as error:
                if self.size(target) is None:
                    raise NotFoundError(f"There is no file {source}.") from error
                return
        self.delete(source)

    def delete(self, key: str) -> None:
        with self._errors(), suppress(FileNotFoundError):
            self._filesystem.rm_file(self._full(key))

    def delete_folder(self, folder: str) -> None:
        for file in self.files(folder):
            self.delete(file.key)

    def download(self, key: str, path: Path) -> None:
        with self.open_read(key) as file, no_room_is_a_resource_error(path.parent), path.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)

    def remove_leftovers(self, older_than_s: float) -> int:
        """Multipart uploads whose process died: invisible, and charged for. S3 knows only when they began."""
        if not self._is_s3:
            return 0
        oldest = datetime.now(UTC) - timedelta(seconds=older_than_s)
        bucket, folder, _ = self._filesystem.split_path(self._root)
        removed = 0
        with self._errors():
            found = self.call("list_multipart_uploads", Bucket=bucket, Prefix=f"{folder}/" if folder else "")
            for upload in found.get("Uploads") or ():
                if upload["Initiated"] < oldest:
                    self.call("abort_multipart_upload", Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                    removed += 1
        return removed

    def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """One request in S3's own words."""
        with self._errors():
            answer: dict[str, Any] = self._filesystem.call_s3(operation, **arguments)
            return answer

    def split(self, full: str) -> tuple[str, str]:
        bucket, key, _ = self._filesystem.split_path(full)
        return str(bucket), str(key)

    @property
    def filesystem(self) -> "AbstractFileSystem":
        return self._filesystem

    def _full(self, key: str) -> str:
        return f"{self._root}/{key}"

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The client raises its own errors, botocore's, aiohttp's and OSError; callers know ours."""
        try:
            yield
        except (ScribeError, FileNotFoundError):
            raise
        except Exception as error:
            if not _is_of_the_client(error):
                raise
            text = f"{error} {error.__cause__ or ''}"
            if any(word in text for word in _FULL):
                raise ResourceError("The object storage is full: make room and try again.") from error
            raise StorageError(f"The object storage does not answer as it should: {error}.") from error


class _S3Sink:
    """A multipart upload, or a single PUT for what fits in one part. The object appears with ``finish``."""

    def __init__(self, files: ObjectFiles, full: str) -> None:
        bucket, key = files.split(full)
        self._files = files
        self._where: dict[str, object] = {"Bucket": bucket, "Key": key}
        self._waiting = bytearray()
        self._parts: list[dict[str, object]] = []
        self._upload_id: str | None = None

    def write(self, content: bytes | bytearray | memoryview, /) -> int:
        self._waiting += content
        while len(self._waiting) > PART_BYTES:
            self._send(PART_BYTES)
        return len(content)

    def finish(self) -> None:
        if self._upload_id is None:
            self._files.call("put_object", **self._where, Body=bytes(self._waiting))
            return
        if self._waiting:
            self._send(len(self._waiting))
        self._files.call(
            "complete_multipart_upload",
            **self._where,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": self._parts},
        )
        self._upload_id = None

    def abort(self) -> None:
        self._waiting.clear()
        if self._upload_id is not None:
            self._files.call("abort_multipart_upload", **self._where, UploadId=self._upload_id)

    def _send(self, size_bytes: int) -> None:
        if self._upload_id is None:
            self._upload_id = str(self._files.call("create_multipart_upload", **self._where)["UploadId"])
        number = len(self._parts) + 1
        body = bytes(memoryview(self._waiting)[:size_bytes])
        del self._waiting[:size_bytes]
        answer = self._files.call("upload_part", **self._where, UploadId=self._upload_id, PartNumber=number, Body=body)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})


class _PlainSink:
    """Any other fsspec filesystem: a temporary key, then a rename."""

    def __init__(self, files: ObjectFiles, full: str) -> None:
        folder, _, _ = full.rpartition("/")
        self._filesystem = files.filesystem
        self._target = full
        self._temporary = f"{folder}/.writing-{uuid4().hex}"
        self._filesystem.makedirs(folder, exist_ok=True)
        self._file = self._filesystem.open(self._temporary, "wb")

    def write(self, content: bytes | bytearray | memoryview, /) -> int:
        return int(self._file.write(content))

    def finish(self) -> None:
        self._file.close()
        self._filesystem.mv(self._temporary, self._target)

    def abort(self) -> None:
        self._file.close()
        self._filesystem.rm_file(self._temporary)


class _Source(io.RawIOBase):
    """A file of the filesystem's, with our errors."""

    def __init__(self, file: Any, files: ObjectFiles) -> None:
        self._file = file
        self._files = files

    def readinto(self, buffer: Any, /) -> int:
        with self._files._errors():  # noqa: SLF001 -- the same file
            content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(url: str) -> "tuple[AbstractFileSystem, str]":
    """Listings are never cached: another process may have written since."""
    import fsspec

    options: dict[str, object] = {}
    if url.startswith(("s3://", "s3a://")):
        options = {"use_listings_cache": False, "config_kwargs": _s3_settings(), "skip_instance_cache": True}
    try:
        filesystem, root = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        extra = "the extra [s3]" if url.startswith("s3") else f"what {error.name} belongs to"
        raise OptionError(f"The storage {url} needs {extra}: pip install 'smart-meeting-scribe[s3]'.") from error
    except ValueError as error:
        raise OptionError(f"The storage URL {url} is not understood: {error}.") from error
    return filesystem, str(root).rstrip("/")


def _s3_settings() -> dict[str, object]:
    """Time-outs; and for servers other than Amazon's, the dialect that all of them speak."""
    chosen: dict[str, object] = {
        "connect_timeout": 5,
        "read_timeout": 60,
        "retries": {"total_max_attempts": 1},  # s3fs retries by itself, five times within about two seconds
    }
    if os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        chosen |= {
            "signature_version": "s3v4",
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    return chosen


def _modified_at(facts: dict[str, Any]) -> datetime:
    found = facts.get("LastModified") or facts.get("mtime") or facts.get("created")
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(found, UTC) if found else datetime.now(UTC)


def _is_of_the_client(error: Exception) -> bool:
    return isinstance(error, OSError | TimeoutError) or type(error).__module__.partition(".")[0] in {
        "aiobotocore",
        "aiohttp",
        "botocore",
        "fsspec",
        "s3fs",
    }
