"""Looks for somebody in everything an installation keeps: every column of every table, every file, Redis, backups.

A vector is found by value, to within a thousandth, however it is written: in a column, as JSON or SQL text, as bytes
of 16, 32 or 64 bits; a sample by any part of its sound. What tombstones hold (an id) is allowed where they are.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import numpy.typing as npt
import redis

from scribe.adapters.servers.postgres_client import PostgresClient
from scribe.adapters.storage import Storage

TOLERANCE = 1e-3
_NUMBERS = re.compile(r"\[[-+0-9.eE,\s]{40,}\]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_PIECE_BYTES = 64


@dataclass(frozen=True)
class Wanted:
    person_id: UUID
    names: Sequence[str]
    """Name and aliases; empty: they may be there."""
    vectors: Sequence[npt.NDArray[np.float32]]
    sounds: Sequence[bytes]
    """PCM of samples and clips."""

    def in_text(self, text: str) -> Iterator[str]:
        folded = _folded(text)
        if str(self.person_id) in folded or self.person_id.hex in folded:
            yield "id"
        if any(_folded(name) in folded for name in self.names):
            yield "name"
        for found in _NUMBERS.findall(text):
            if self._is_near(np.array([float(number) for number in found.strip("[]").split(",") if number.strip()])):
                yield "vector"

    def in_bytes(self, content: bytes) -> Iterator[str]:
        yield from self.in_text(content.decode("utf-8", "ignore"))
        yield from self.in_text(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), content.decode("utf-8", "ignore")))
        for encoded in _BASE64.findall(content.decode("ascii", "ignore")):
            yield from self.in_text(_decoded(encoded))
        if self.person_id.bytes in content:
            yield "id"
        if any(vector.astype(kind).tobytes() in content for vector in self.vectors for kind in ("<f2", "<f4", "<f8")):
            yield "vector"
        if any(sound[at : at + _PIECE_BYTES] in content for sound in self.sounds for at in (44, len(sound) // 2)):
            yield "sound"

    def _is_near(self, numbers: npt.NDArray[np.float64]) -> bool:
        return any(
            len(numbers) == len(vector) and bool(np.abs(numbers - vector).max() < TOLERANCE) for vector in self.vectors
        )


async def in_database(database_url: str, wanted: Wanted) -> set[str]:
    """``table.column: what`` of every hit; those of ``erasures`` and of the audit log may hold ids."""
    connection = await asyncpg.connect(database_url)
    hits: set[str] = set()
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in tables:
            for row in await connection.fetch(f'select to_jsonb(t)::text from "{table}" t'):  # noqa: S608
                for column, value in json.loads(row[0]).items():
                    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                    hits |= {f"{table}.{column}: {what}" for what in wanted.in_bytes(text.encode())}
    finally:
        await connection.close()
    return hits - {"erasures.person_id: id", "audit_log.person_id: id", "audit_log.subject_id: id"}


def in_storage(storage: Storage, wanted: Wanted, folders: Sequence[str] | None = None) -> set[str]:
    tops = folders or ("uploads", "checkpoints", "results", "derived", "voices", "erasures", "probe")
    hits: set[str] = set()
    for key in (key for top in tops for key in storage.keys(top)):
        hits |= {f"{key}: {what} in its name" for what in wanted.in_text(key)}
        hits |= {f"{key}: {what}" for what in wanted.in_bytes(storage.read(key) or b"")}
    return {hit for hit in hits if not hit.startswith(f"erasures/{wanted.person_id}.json: id")}


def in_folder(folder: Path, wanted: Wanted) -> set[str]:
    """Every file below it, whatever it is; for a storage on disk, temporary files included."""
    hits: set[str] = set()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        hits |= {f"{name}: {what}" for what in (*wanted.in_text(name), *wanted.in_bytes(path.read_bytes()))}
    return {hit for hit in hits if f"erasures/{wanted.person_id}.json: id" not in hit}


def in_redis(redis_url: str, wanted: Wanted) -> set[str]:
    with redis.Redis.from_url(redis_url) as client:
        contents = {key: client.dump(key) or b"" for key in client.scan_iter()}
    return {f"{key!r}: {what}" for key, content in contents.items() for what in wanted.in_bytes(key + content)}


def in_backup(folder: Path, database_url: str, major: int, wanted: Wanted) -> set[str]:
    """The manifest, every file, and the dump as SQL; tombstones and the audit log name by ids."""
    script = folder.with_suffix(".sql")
    PostgresClient(database_url, major).script(folder / "database.dump", script)
    sql = re.sub(r"(?s)\nCOPY public\.erasures .*?\n\\\.\n", "\n", script.read_text())
    manifest = re.sub(rf'"erasures/{wanted.person_id}\.json"', '""', (folder / "manifest.json").read_text())
    sql = re.sub(
        r"(?s)\nCOPY public\.audit_log .*?\n\\\.\n", lambda rows: rows[0].replace(str(wanted.person_id), "id"), sql
    )
    hits = {f"dump: {what}" for what in wanted.in_bytes(sql.encode())}
    hits |= {f"manifest: {what}" for what in wanted.in_bytes(manifest.encode())}
    return hits | {f"backup {hit}" for hit in in_folder(folder / "files", wanted)}


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode("utf-8", "ignore")
    except ValueError:
        return ""


def numbers(vector: npt.NDArray[np.float32]) -> list[Any]:
    """As a checkpoint's JSON has it."""
    return [float(value) for value in vector]
