"""An export of voices as a file: a zip of ``voices.json`` and ``samples/<voiceprint_id>.wav``.

Owns that it appears whole or not at all and for its owner only, and that what is read is what was written: every name,
size and checksum is verified before anybody sees a byte. Never what belongs into it (``services/voice_transfer.py``).

Usage::

    write(path, document, samples)                  # samples: (name, content) one after the other
    with ArchiveFile(path) as archive:
        records = archive.records                   # verified, all of it
"""

import contextlib
import hashlib
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scribe.adapters.storage import no_room_is_a_resource_error
from scribe.domain.errors import BackupError, ConflictError, NotFoundError, OptionError
from scribe.domain.people import VoiceprintId
from scribe.domain.voice_archive import PersonRecord, records_of, sample_name

DOCUMENT = "voices.json"
MAX_DOCUMENT_BYTES = 1 << 30
"""A print takes 2 kB: room for half a million of them."""
_FILE_MODE = 0o600


def write(path: Path, make: Callable[["ArchiveWriter"], dict[str, Any]]) -> None:
    """``make`` adds samples and returns the document. Raises: ConflictError when there is such a file already,
    ResourceError; nothing is left then."""
    if path.exists():
        raise ConflictError(f"{path} is there already: choose another name.")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with no_room_is_a_resource_error(path.parent):
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb") as file:
                with zipfile.ZipFile(file, "w") as archive:
                    document = make(ArchiveWriter(archive))
                    text = json.dumps(document, ensure_ascii=False, indent=1)
                    archive.writestr(DOCUMENT, text.encode(), compress_type=zipfile.ZIP_DEFLATED)
                file.flush()
                os.fsync(file.fileno())
            _appear(unfinished, path)
    except FileExistsError as error:
        raise ConflictError(f"{path} is there already: choose another name.") from error
    except PermissionError as error:
        raise OptionError(f"Nothing can be written in {path.parent}: choose another folder.") from error
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no folder {path.parent}.") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()


def _appear(unfinished: Path, path: Path) -> None:
    """Raises: FileExistsError."""
    try:
        os.link(unfinished, path)  # unlike a rename, never onto a file that appeared meanwhile
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, as on a memory stick
        if path.exists():
            raise FileExistsError(path) from None
        unfinished.rename(path)


class ArchiveWriter:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, voiceprint_id: VoiceprintId, content: bytes) -> tuple[int, str]:
        """Size and SHA-256. Recordings do not get smaller: they are stored as they are."""
        self._archive.writestr(sample_name(voiceprint_id), content, compress_type=zipfile.ZIP_STORED)
        return len(content), hashlib.sha256(content).hexdigest()


class ArchiveFile:
    """Open for reading, and verified."""

    def __init__(self, path: Path) -> None:
        """Raises: BackupError, NotFoundError."""
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise NotFoundError(f"There is no file {path}.") from error
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise BackupError(f"{path} is no export of voices, or it is damaged.") from error
        try:
            self.records = self._verified()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def sample(self, voiceprint_id: VoiceprintId) -> bytes:
        return self._read(sample_name(voiceprint_id), self._zip.getinfo(sample_name(voiceprint_id)).file_size)

    def _verified(self) -> list[PersonRecord]:
        names = [info.filename for info in self._zip.infolist()]
        if len(names) != len(set(names)):
            raise BackupError("This export is damaged: a file is in it twice.")
        if DOCUMENT not in names:
            raise BackupError("This is no export of voices: `scribe voices export` makes one.")
        try:
            document = json.loads(self._read(DOCUMENT, MAX_DOCUMENT_BYTES))
        except (ValueError, RecursionError) as error:
            raise BackupError(f"This export is damaged: {DOCUMENT} cannot be read.") from error
        records = records_of(document)
        expected = {sample_name(print_id) for record in records for print_id in record.samples}
        if set(names) != expected | {DOCUMENT}:
            raise BackupError("This export is damaged: a sample is missing, or one is too many.")
        for name, size_bytes, sha256 in _samples(records):
            if hashlib.sha256(self._read(name, size_bytes)).hexdigest() != sha256:
                raise BackupError(f"This export is damaged: {name} is not what was written.")
        return records

    def _read(self, name: str, most_bytes: int) -> bytes:
        """What it unpacks to is bounded before: a few bytes can claim to be many. Raises: BackupError."""
        try:
            if self._zip.getinfo(name).file_size <= most_bytes:
                with self._zip.open(name) as file:
                    return file.read()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise BackupError(f"This export is damaged: {name} cannot be read.") from error
        raise BackupError(f"This export is damaged: {name} has another size than was written.")


def _samples(records: Iterable[PersonRecord]) -> Iterator[tuple[str, int, str]]:
    for record in records:
        for print_id, sample in record.samples.items():
            yield sample_name(print_id), sample.size_bytes, sample.sha256
