"""Saving an installation and bringing it back: database and files, while it runs.

Owns what a backup promises. The database is dumped as one snapshot; then the files of every meeting in it are copied
(not of later ones). A recording never changes. Results are copied while the meeting's row is held, so that none are
published in between; where some were published after the dump, the row of that moment is saved beside it. A meeting
deleted meanwhile is left out. So every meeting of a backup has its recording and the very results its row speaks of.

Not saved: resumable uploads under way, browser sessions, half-made results. Meetings that were being processed wait
again after a restore, and go on from their saved checkpoints.

The bank's samples and the clips that wait are saved with the rows that name them. Whoever was forgotten stays so: the
tombstones of the installation that is replaced are safe in storage before anything is changed, files of people they
name are not brought back, their voices cannot be compared from the moment the rows are there, and then everything of
them is erased again (``services/forgetting.py``); should that be cut off, the next start does it.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from scribe import __version__
from scribe.adapters import backup_rows
from scribe.adapters.backup_folder import MANIFEST, BackupFolder, Entry, Manifest, new_backup
from scribe.adapters.backup_rows import SavedMeeting
from scribe.adapters.servers.postgres_client import PostgresClient
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.core.migrate import known_revisions, migrate
from scribe.domain import layout
from scribe.domain.audit import THE_COMMAND, Action, Detail
from scribe.domain.erasures import Tombstone
from scribe.domain.errors import BackupError, ConflictError, ResourceError
from scribe.domain.people import PersonId
from scribe.services import forgetting
from scribe.services.housekeeping import purge

Told = Callable[[int], None]
ROOM_TO_SPARE_BYTES = 64 * 2**20
FOLDERS = ("uploads", "checkpoints", "derived", "results", "voices")


@dataclass(frozen=True, slots=True)
class BackupReport:
    num_meetings: int
    num_files: int
    size_bytes: int
    lost: tuple[str, ...]
    """Meetings whose recording is not in the storage, or is not what was uploaded: the installation is damaged."""


@dataclass(frozen=True, slots=True)
class RestoreReport:
    created_at: datetime
    num_meetings: int
    num_files: int
    num_erased_again: int
    """People who were forgotten, or withdrew consent, after the backup was made."""


@dataclass(frozen=True, slots=True)
class BackupsHolding:
    holding: tuple[Path, ...]
    """Backups whose database still has the person."""
    unreadable: tuple[Path, ...]
    """Damaged, or of a newer version: nobody knows."""


@dataclass(slots=True)
class _Found:
    """What copying the files brought to light."""

    files: list[Entry]
    deleted: list[str]
    published: list[dict[str, object]]
    names: dict[str, dict[str, list[dict[str, object]]]]
    lost: list[str]


async def back_up(database_url: str, storage: Storage, target: Path, told: Told) -> BackupReport:
    """Raises: ConflictError when ``target`` is taken, ResourceError, UnavailableError, StorageError."""
    with new_backup(target) as folder:
        if await backup_rows.has_audit_log(database_url):  # before an upgrade there may be none
            await _write_down(database_url, Action.BACKUP_MADE, {})
        async with backup_rows.open_snapshot(database_url) as snapshot:
            _refuse_too_little_room(folder.path, sum(meeting.size_bytes for meeting in snapshot.meetings), target)
            client = PostgresClient(database_url, snapshot.server_major)
            await asyncio.to_thread(client.dump, folder.dump, snapshot.name)
        found = _Found([], [], [], {}, [])
        async with backup_rows.connection_of(database_url) as connection:
            for meeting in snapshot.meetings:
                await _save_files(connection, storage, folder, meeting, found, told)
            found.files += await asyncio.to_thread(_save, storage, folder, snapshot.voice_keys, told)
            await _store(storage, await backup_rows.tombstones(connection))
        stones = await asyncio.to_thread(storage.keys, layout.ERASURES)
        found.files += await asyncio.to_thread(_save, storage, folder, stones, told)
        manifest = Manifest(
            created_at=datetime.now(UTC),
            scribe=__version__,
            revision=snapshot.revision,
            postgres=snapshot.server_version,
            num_meetings=len(snapshot.meetings) - len(found.deleted),
            database=await asyncio.to_thread(folder.describe_dump),
            files=tuple(found.files),
            deleted_meanwhile=tuple(found.deleted),
            published_meanwhile=tuple(found.published),
            names_meanwhile=found.names,
            people=snapshot.people,
        )
        await asyncio.to_thread(folder.write_manifest, manifest)
    size_bytes = manifest.database.size_bytes + sum(entry.size_bytes for entry in manifest.files)
    return BackupReport(manifest.num_meetings, len(manifest.files), size_bytes, tuple(found.lost))


async def restore(
    database_url: str, storage: Storage, source: Path, *, is_replacing: bool, told: Told
) -> RestoreReport:
    """Everything is verified before anything is changed; the database changes in one transaction.

    Raises: BackupError, ConflictError when something would be overwritten or is running, ResourceError.
    """
    folder = BackupFolder(source)
    manifest = folder.read_manifest()
    if manifest.revision not in known_revisions():
        raise BackupError(f"The backup was made by version {manifest.scribe}: restore it with that one or a newer one.")
    connected = await backup_rows.others_connected(database_url)
    if connected:
        raise ConflictError(f"{', '.join(connected)} still use this database: stop them first.")
    if not is_replacing and await backup_rows.is_in_use(database_url):
        raise ConflictError("There are meetings or users here already: --replace removes them for those of the backup.")
    await asyncio.to_thread(folder.verify, manifest, told)
    async with backup_rows.connection_of(database_url) as connection:
        await _store(storage, await backup_rows.tombstones(connection))
    stones = await asyncio.to_thread(_tombstones, storage)
    await asyncio.to_thread(_put_files, folder, manifest, storage, stones, told)
    await asyncio.to_thread(_put_rows, database_url, folder, manifest, stones)
    engine = build_engine(database_url, pool_size=1, application=backup_rows.APPLICATION)
    try:
        await migrate(engine)
        await backup_rows.wake_up(database_url)
        await _write_down(database_url, Action.BACKUP_RESTORED, await _log_brought_back(database_url, manifest))
        units = UnitOfWorkFactory(engine)
        erased_again = await forgetting.reapply(units, storage)
        await asyncio.to_thread(_remove_others, storage, {entry.key for entry in manifest.files})
        await purge(units, storage, batches=None)
    finally:
        await engine.dispose()
    return RestoreReport(manifest.created_at, manifest.num_meetings, len(manifest.files), erased_again)


async def _log_brought_back(database_url: str, manifest: Manifest) -> Detail:
    """What the audit log of this installation says of the restore."""
    replaced = await backup_rows.bring_log_back(database_url)
    created_at = manifest.created_at.isoformat(timespec="seconds")
    detail: dict[str, str | int | bool] = {"backup_of": created_at, "meetings": manifest.num_meetings}
    if replaced is None:
        return detail
    return detail | {
        "replaced_sequence": replaced.sequence,
        "replaced_head": replaced.hash.hex(),
        "is_log_kept": replaced.is_kept,
    }


async def _write_down(database_url: str, action: Action, detail: Detail) -> None:
    engine = build_engine(database_url, pool_size=1, application=backup_rows.APPLICATION)
    try:
        async with UnitOfWorkFactory(engine)() as unit:
            unit.record(action, detail=detail, actor=THE_COMMAND)
    finally:
        await engine.dispose()


def backups_holding(folder: Path, person_id: PersonId) -> BackupsHolding:
    """Of the backups in ``folder``, or of the one it is, those that hold somebody. Reads manifests only."""
    holding, unreadable = [], []
    candidates = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())] if folder.is_dir() else []
    for path in candidates:
        if not (path / MANIFEST).exists():
            continue
        try:
            manifest = BackupFolder(path).read_manifest()
        except BackupError:
            unreadable.append(path)
            continue
        if str(person_id) in manifest.people:
            holding.append(path)
    return BackupsHolding(tuple(holding), tuple(unreadable))


async def _save_files(
    connection: asyncpg.Connection,
    storage: Storage,
    folder: BackupFolder,
    meeting: SavedMeeting,
    found: _Found,
    told: Told,
) -> None:
    key = layout.recording_key(meeting.id)
    recording = await asyncio.to_thread(folder.add, storage, key, told)
    async with backup_rows.hold(connection, meeting.id) as held:
        if held is None:
            found.deleted.append(str(meeting.id))
            if recording is not None:
                folder.remove(recording)
            return
        skipped = layout.sounds_of(meeting.id) if held.is_muted else ()
        made = await asyncio.to_thread(_save_made, storage, folder, meeting, skipped, told)
        if held.is_muted and recording is not None:  # it went meanwhile, or is about to
            folder.remove(recording)
            recording = None
    if not held.is_as(meeting):
        found.published.append(held.row)
        if held.names:
            found.names[str(meeting.id)] = held.names
    if not held.is_muted and (recording is None or recording.sha256 != meeting.sha256):
        found.lost.append(str(meeting.id))
    found.files += [recording, *made] if recording is not None else made


def _save_made(
    storage: Storage, folder: BackupFolder, meeting: SavedMeeting, skipped: tuple[str, ...], told: Told
) -> list[Entry]:
    """Everything of the meeting but the recording, half-made results, and what is in ``skipped``."""
    recording = layout.recording_folder(meeting.id)
    folders = [each for each in layout.meeting_folders(meeting.created_at, meeting.id) if each != recording]
    keys = [key for each in folders for key in storage.keys(each) if f"/{layout.STAGING_PREFIX}" not in key]
    keys = [key for key in keys if not key.startswith(skipped)]
    return _save(storage, folder, keys, told)


def _save(storage: Storage, folder: BackupFolder, keys: Iterable[str], told: Told) -> list[Entry]:
    """What is gone meanwhile is left out."""
    return [entry for key in keys if (entry := folder.add(storage, key, told)) is not None]


async def _store(storage: Storage, stones: Iterable[Tombstone]) -> None:
    """What the storage does not know yet, or knows less of."""
    for stone in stones:
        await asyncio.to_thread(_store_one, storage, stone)


def _store_one(storage: Storage, stone: Tombstone) -> None:
    key = layout.erasure_key(stone.person_id)
    there = storage.read(key)
    if there is None or Tombstone.from_json(there).erased_at < stone.erased_at:
        storage.write(key, stone.to_json(), private=True)


def _tombstones(storage: Storage) -> list[Tombstone]:
    contents = [storage.read(key) for key in storage.keys(layout.ERASURES)]
    return [Tombstone.from_json(content) for content in contents if content is not None]


def _put_files(
    folder: BackupFolder, manifest: Manifest, storage: Storage, stones: Sequence[Tombstone], told: Told
) -> None:
    forgotten = tuple(f"{layout.person_folder(stone.person_id)}/" for stone in stones if stone.policy is not None)
    for entry in manifest.files:
        if entry.key.startswith(f"{layout.ERASURES}/"):
            _store_one(storage, Tombstone.from_json(folder.read(entry)))
        elif not entry.key.startswith(forgotten):
            folder.put(storage, entry, told, private=_is_private(entry.key))


def _is_private(key: str) -> bool:
    """What holds voices: for our own account only, where files tell."""
    return key.startswith(("checkpoints/", "voices/")) or "/voices/" in key


def _put_rows(database_url: str, folder: BackupFolder, manifest: Manifest, stones: Sequence[Tombstone]) -> None:
    client = PostgresClient(database_url, int(manifest.postgres.partition(".")[0]))
    with tempfile.TemporaryDirectory(prefix="scribe-restore-") as name:
        place = Path(name)
        clear, content, put_right = place / "clear.sql", place / "content.sql", place / "put_right.sql"
        client.script(folder.dump, content)
        clear.write_text(backup_rows.CLEAR, encoding="utf-8")
        put_right.write_text(
            "set search_path = public;\n"
            + backup_rows.put_right(manifest.deleted_meanwhile, manifest.published_meanwhile, manifest.names_meanwhile)
            + backup_rows.seal(stones),
            encoding="utf-8",
        )
        client.execute([clear, content, put_right])


def _remove_others(storage: Storage, known: Iterable[str]) -> None:
    """Of the installation before, and of pieces of uploads that no row knows any more."""
    kept = set(known)
    for folder in FOLDERS:
        for key in storage.keys(folder):
            if key not in kept:
                storage.delete(key)


def _refuse_too_little_room(place: Path, needed_bytes: int, target: Path) -> None:
    free_bytes = shutil.disk_usage(place).free
    if free_bytes < needed_bytes + ROOM_TO_SPARE_BYTES:
        raise ResourceError(
            f"The disk of {target} has {free_bytes / 1e9:.1f} GB free and the recordings need {needed_bytes / 1e9:.1f} "
            "GB: choose another place."
        )
