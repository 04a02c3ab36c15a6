"""Rows of voiceprints, and the bank of voices that a meeting is compared with.

Owns the SQL, and that a vector comes back bit for bit: profiles must be equal to the last bit, or un-learning is not
exact. Never a rule of matching (``domain/voices.py``) and never a name but for the bank. Biometric data: nothing here
is logged.

Usage::

    async with units() as unit:
        bank = await unit.voiceprints.bank_for(owner_id, extractor_model, None, require_consent=True)
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import timedelta
from itertools import groupby
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    LargeBinary,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    not_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.adapters.people import has_active_consent, in_scope_of
from scribe.adapters.purges import PurgeRepository
from scribe.core.voices_db import EnrolmentRow, PersonRow, VoiceprintRow
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.people import PersonId, PrintOrigin, StoredVoiceprint, VoiceprintId
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import StoredPrint, VoiceBank, Voiceprint, VoiceProfile, profile_prints

PROFILE_PRINTS = 20
"""By how many prints at most a person is recognised; all are kept."""
SEALED = "erased"
"""The revision of a print that a restored backup brought back although its person was forgotten (backup_rows.py):
compared with nothing and never made again, until it is erased again."""
PURGE_AGAIN_AFTER = timedelta(minutes=15)
"""The voice lane may be writing a sample while its person goes; what it leaves is emptied after this time."""


def vector_bytes(column: ColumnElement[Any]) -> ColumnElement[bytes]:
    """A vector as PostgreSQL sends it in binary: eight times as fast to read as its text."""
    return func.vector_send(column, type_=LargeBinary())


def vector_of(sent: bytes) -> npt.NDArray[np.float32]:
    """(dimension,) float32, to the last bit what was stored. Two int16 precede the numbers: dimension and zero."""
    return np.frombuffer(sent, dtype=">f4", offset=4).astype(np.float32)


def vectors_of(sent: Sequence[bytes]) -> Sequence[npt.NDArray[np.float32]]:
    """The same for many of one dimension, which is what a bank is: one conversion instead of thousands."""
    if len({len(one) for one in sent}) > 1:
        return [vector_of(one) for one in sent]
    packed = np.frombuffer(b"".join(sent), dtype=">f4").reshape(len(sent), -1)  # (num_prints, 1 + dimension)
    return list(packed[:, 1:].astype(np.float32))


def quality_json(quality: VoiceQuality) -> dict[str, Any]:
    """JSON has no infinity: the ratio to digital silence is left out, as one that was not measured."""
    return {name: value for name, value in asdict(quality).items() if value is None or math.isfinite(value)}


def quality_of(kept: Mapping[str, Any]) -> VoiceQuality:
    """What a newer version measured besides is left out."""
    known = {field.name for field in fields(VoiceQuality)}
    return VoiceQuality(**{name: value for name, value in kept.items() if name in known})


class VoiceprintRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, stored: StoredVoiceprint) -> None:
        await self._session.execute(
            insert(VoiceprintRow).values(
                id=stored.id,
                person_id=stored.person_id,
                vector=stored.voiceprint.vector,
                model_id=stored.voiceprint.model_id,
                model_revision=stored.voiceprint.model_revision,
                speech_s=stored.voiceprint.speech_s,
                quality=quality_json(stored.quality),
                origin=str(stored.origin),
                is_learned=stored.is_learned,
                meeting_id=stored.meeting_id,
                label=stored.label,
                spans=[[span.start_s, span.end_s] for span in stored.spans],
                file_name=stored.file_name,
                channel=stored.channel,
                sample_key=stored.sample_key,
                confirmed_by=stored.confirmed_by,
                confirmed_at=stored.confirmed_at,
                is_stale=stored.is_stale,
                created_at=stored.created_at,
            )
        )

    async def get(self, voiceprint_id: VoiceprintId, *, for_update: bool = False) -> StoredVoiceprint | None:
        query = _prints().where(VoiceprintRow.id == voiceprint_id)
        found = await self._all(query.with_for_update(of=VoiceprintRow) if for_update else query)
        return found[0] if found else None

    async def of_person(self, person_id: PersonId) -> list[StoredVoiceprint]:
        """The oldest first."""
        return await self._all(_prints().where(VoiceprintRow.person_id == person_id).order_by(*_OLDEST_FIRST))

    async def of_people(self, person_ids: Collection[PersonId]) -> list[StoredVoiceprint]:
        """Person by person, the oldest first."""
        query = _prints().where(VoiceprintRow.person_id.in_(person_ids))
        return await self._all(query.order_by(VoiceprintRow.person_id, *_OLDEST_FIRST))

    async def delete(self, voiceprint_id: VoiceprintId) -> StoredVoiceprint | None:
        """What it was; its sample is emptied with the purges."""
        gone = await self.get(voiceprint_id, for_update=True)
        if gone is None:
            return None
        await self._session.execute(delete(VoiceprintRow).where(VoiceprintRow.id == voiceprint_id))
        if gone.sample_key is not None:
            await PurgeRepository(self._session).add([gone.sample_key], PURGE_AGAIN_AFTER)
        return gone

    async def bank_for(
        self, owner_id: UserId, model: str, people: Collection[PersonId] | None, *, require_consent: bool
    ) -> VoiceBank:
        """Whom a meeting of ``owner_id`` is compared with, under ``model`` (:attr:`Voiceprint.model`).

        ``people``: only these, as far as they may be looked for at all; ``None``: everybody who may. Keys are person
        ids. One query.
        """
        model_id, _, revision = model.partition("@")
        conditions = [
            in_scope_of(owner_id),
            VoiceprintRow.model_id == model_id,
            VoiceprintRow.model_revision == revision,
            not_(VoiceprintRow.is_stale),
        ]
        if require_consent:
            conditions.append(has_active_consent())
        if people is not None:
            conditions.append(PersonRow.id.in_(people))
        query = (
            select(
                PersonRow.id,
                PersonRow.name,
                vector_bytes(VoiceprintRow.vector.expression),
                VoiceprintRow.speech_s,
                VoiceprintRow.is_learned,
            )
            .join(PersonRow, PersonRow.id == VoiceprintRow.person_id)
            .where(*conditions)
            .order_by(PersonRow.id)
        )
        rows = (await self._session.execute(query)).all()
        prints = zip(rows, vectors_of([row[2] for row in rows]) if rows else (), strict=True)
        return VoiceBank(
            tuple(
                VoiceProfile(
                    name, profile_prints(_stored(of_one, model_id, revision), PROFILE_PRINTS), key=str(person_id)
                )
                for (person_id, name), of_one in groupby(prints, key=lambda pair: (pair[0][0], pair[0][1]))
            )
        )

    async def stale(self, model: str, limit: int) -> list[StoredVoiceprint]:
        """Those of another model that can be made again: their sample is kept, and nobody has been told to yet."""
        is_asked = exists().where(EnrolmentRow.remade_print_id == VoiceprintRow.id)
        query = _prints().where(
            not_(_is_of(model)),
            VoiceprintRow.model_revision != SEALED,
            VoiceprintRow.sample_key.is_not(None),
            not_(is_asked),
        )
        return await self._all(query.order_by(*_OLDEST_FIRST).limit(limit))

    async def mark_stale(self, model: str) -> int:
        """Of all prints, which are of another model than the one in use; how many changed sides."""
        is_stale = not_(_is_of(model))
        changed = await self._session.execute(
            update(VoiceprintRow).where(VoiceprintRow.is_stale != is_stale).values(is_stale=is_stale)
        )
        return cast("CursorResult[Any]", changed).rowcount

    async def make_again(self, voiceprint_id: VoiceprintId, voiceprint: Voiceprint, quality: VoiceQuality) -> bool:
        """The print that the model in use makes of the same sample. Whether there still is one to replace."""
        changed = await self._session.execute(
            update(VoiceprintRow)
            .where(VoiceprintRow.id == voiceprint_id)
            .values(
                vector=voiceprint.vector,
                model_id=voiceprint.model_id,
                model_revision=voiceprint.model_revision,
                speech_s=voiceprint.speech_s,
                quality=quality_json(quality),
                is_stale=False,
            )
        )
        return cast("CursorResult[Any]", changed).rowcount > 0

    async def _all(self, query: Select[Any]) -> list[StoredVoiceprint]:
        return [_voiceprint(row) for row in await self._session.execute(query)]


_OLDEST_FIRST = (VoiceprintRow.created_at, VoiceprintRow.id)


def _is_of(model: str) -> ColumnElement[bool]:
    model_id, _, revision = model.partition("@")
    return and_(VoiceprintRow.model_id == model_id, VoiceprintRow.model_revision == revision)


def _stored(
    prints: Iterable[tuple[Any, npt.NDArray[np.float32]]], model_id: str, revision: str
) -> Sequence[StoredPrint]:
    return [
        StoredPrint(Voiceprint(vector, model_id, speech_s, revision), is_learned)
        for (_, _, _, speech_s, is_learned), vector in prints
    ]


def _prints() -> Select[Any]:
    columns = [column for column in VoiceprintRow.__table__.c if not isinstance(column.type, Vector)]
    return select(*columns, vector_bytes(VoiceprintRow.vector.expression).label("sent"))


def _voiceprint(row: Any) -> StoredVoiceprint:
    return StoredVoiceprint(
        id=VoiceprintId(row.id),
        person_id=PersonId(row.person_id),
        voiceprint=Voiceprint(vector_of(row.sent), row.model_id, row.speech_s, row.model_revision),
        quality=quality_of(row.quality),
        origin=PrintOrigin(row.origin),
        is_learned=row.is_learned,
        created_at=row.created_at,
        meeting_id=None if row.meeting_id is None else MeetingId(row.meeting_id),
        label=None if row.label is None else SpeakerLabel(row.label),
        spans=tuple(Span(start_s, end_s) for start_s, end_s in row.spans),
        file_name=row.file_name,
        channel=row.channel,
        sample_key=row.sample_key,
        confirmed_by=None if row.confirmed_by is None else UserId(row.confirmed_by),
        confirmed_at=row.confirmed_at,
        is_stale=row.is_stale,
    )
