"""Rows of ``speakers`` and ``segment_moves``: who the voices of a meeting are, and what was moved by hand.

Owns the translation to ``domain.namings`` and the questions about many meetings at once; never decides who somebody is
and never commits. Prints come back bit for bit as they were stored: PostgreSQL keeps float32 and writes the shortest
text that means the same one. Whoever changes a row holds the lock of its meeting's row.

Usage::

    speaker = await unit.speakers.get(meeting_id, label, for_update=True)
    await unit.speakers.decide(replace(speaker, naming=Naming.REJECTED, person_id=None))
    await unit.speakers.touch_names(meeting_id)
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from scribe.core.models_db import MeetingRow
from scribe.core.voices_db import PersonRow, SegmentMoveRow, SpeakerRow, VoiceprintRow
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.namings import Naming, ScoredPerson, SegmentMove, Speaker
from scribe.domain.people import PersonId, VoiceprintId
from scribe.domain.requests import RunOptions
from scribe.domain.speech import Span, SpeakerLabel
from scribe.domain.voice_quality import VoiceQuality
from scribe.domain.voices import Voiceprint

ALIKE = 0.45
"""Plain cosine from which a stored voice is worth comparing again with a person who is new or has changed. Far below
what is named: different people have 0.38 on average under CAM++, one person in two rooms 0.69 or more. It only spares
the meetings in which nobody is at all like them."""


@dataclass(frozen=True, slots=True)
class RecognisedMeeting:
    """What recognising needs to know of a meeting."""

    id: MeetingId
    owner_id: UserId
    options: RunOptions
    is_asked: bool
    """Somebody wants its speakers to be compared with the bank again."""


class SpeakerRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # --- the voices of one meeting -----------------------------------------------------------------------------------

    async def of_meeting(self, meeting_id: MeetingId, *, for_update: bool = False) -> list[Speaker]:
        """By label."""
        query = _speakers().where(SpeakerRow.meeting_id == meeting_id).order_by(SpeakerRow.label)
        return await self._all(query.with_for_update(of=SpeakerRow) if for_update else query)

    async def get(self, meeting_id: MeetingId, label: SpeakerLabel, *, for_update: bool = False) -> Speaker | None:
        query = _speakers().where(SpeakerRow.meeting_id == meeting_id, SpeakerRow.label == label)
        found = await self._all(query.with_for_update(of=SpeakerRow) if for_update else query)
        return found[0] if found else None

    async def replace(self, meeting_id: MeetingId, run: int, speakers: Sequence[Speaker]) -> None:
        """All rows of the meeting are those of this run from now on."""
        await self._session.execute(delete(SpeakerRow).where(SpeakerRow.meeting_id == meeting_id))
        rows = [{"meeting_id": meeting_id, "run": run, **_heard(one), **_decided(one)} for one in speakers]
        if rows:
            await self._session.execute(insert(SpeakerRow), rows)

    async def decide(self, speaker: Speaker) -> None:
        """Writes who it is, by whom and on what grounds, as ``speaker`` has it; what was heard stays as it is."""
        await self._session.execute(
            update(SpeakerRow)
            .where(SpeakerRow.meeting_id == speaker.meeting_id, SpeakerRow.label == speaker.label)
            .values(**_decided(speaker))
            .execution_options(synchronize_session=False)
        )

    async def naming_person(self, person_id: PersonId) -> list[tuple[MeetingId, SpeakerLabel]]:
        """Where the person is named or suggested, in the order in which meetings are to be locked."""
        return await self._places(SpeakerRow.person_id == person_id)

    async def mentioning_person(self, person_id: PersonId) -> list[tuple[MeetingId, SpeakerLabel]]:
        """Where the person is named, suggested, was considered or was refused; in the order of locking."""
        considered = SpeakerRow.candidates.contains(literal([{"person_id": str(person_id)}], JSONB))
        return await self._places(
            or_(
                SpeakerRow.person_id == person_id,
                considered,
                SpeakerRow.refused.contains(literal([person_id], ARRAY(Uuid()))),
            )
        )

    async def touch_names(self, meeting_id: MeetingId, *, is_patient: bool = False) -> int:
        """A name, a segment's speaker or its text changed: the result files are to be written again. Returns the new
        ``names_version``. ``is_patient``: they may wait until nothing has changed for a while."""
        waits = {
            "edited_at": case(
                (
                    and_(MeetingRow.edited_at.is_(None), MeetingRow.names_version != MeetingRow.names_written),
                    None,
                ),
                else_=func.now(),
            ),
            "unwritten_since": func.coalesce(MeetingRow.unwritten_since, func.now()),
        }
        query = (
            update(MeetingRow)
            .where(MeetingRow.id == meeting_id)
            .values(
                names_version=MeetingRow.names_version + 1,
                version=MeetingRow.version + 1,
                updated_at=func.now(),
                **(waits if is_patient else {"edited_at": None}),
            )
            .returning(MeetingRow.names_version)
        )
        return int(await self._session.scalar(query.execution_options(synchronize_session=False)) or 0)

    async def names_are_written(self, meeting_id: MeetingId) -> None:
        """The result files say what the rows say."""
        await self._set(meeting_id, names_written=MeetingRow.names_version, edited_at=None, unwritten_since=None)

    # --- recognising again -------------------------------------------------------------------------------------------

    async def meeting(self, meeting_id: MeetingId, *, skip_locked: bool = False) -> RecognisedMeeting | None:
        """Locked until the transaction ends. ``None``: it is gone, or, with ``skip_locked``, somebody else has it."""
        query = (
            select(MeetingRow.id, MeetingRow.owner_id, MeetingRow.options, MeetingRow.recognition_asked_at)
            .where(MeetingRow.id == meeting_id)
            .with_for_update(skip_locked=skip_locked)
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        options = RunOptions.from_json(row.options)
        return RecognisedMeeting(
            MeetingId(row.id), UserId(row.owner_id), options, is_asked=row.recognition_asked_at is not None
        )

    async def wanting_recognition(self, limit: int) -> list[MeetingId]:
        """Who asked first comes first."""
        query = (
            select(MeetingRow.id)
            .where(MeetingRow.recognition_asked_at.is_not(None))
            .order_by(MeetingRow.recognition_asked_at, MeetingRow.id)
            .limit(limit)
        )
        return [MeetingId(id_) for id_ in await self._session.scalars(query)]

    async def ask_recognition(
        self,
        *,
        owner_id: UserId | None = None,
        meeting_id: MeetingId | None = None,
        since: datetime | None = None,
        person_id: PersonId | None = None,
    ) -> int:
        """Flags the meetings that have voices and fit all of this; how many. ``person_id``: only those with a voice
        that is named as this person, or at all like theirs. Meetings are locked in the order of their ids."""
        chosen: list[ColumnElement[bool]] = [exists().where(SpeakerRow.meeting_id == MeetingRow.id)]
        if owner_id is not None:
            chosen.append(MeetingRow.owner_id == owner_id)
        if meeting_id is not None:
            chosen.append(MeetingRow.id == meeting_id)
        if since is not None:
            chosen.append(MeetingRow.created_at >= since)
        if person_id is not None:
            chosen.append(_has_voice_like(person_id))
        found = select(MeetingRow.id).where(*chosen).order_by(MeetingRow.id).with_for_update()
        ids = (await self._session.scalars(found)).all()
        await self._session.execute(
            update(MeetingRow)
            .where(MeetingRow.id.in_(ids))
            .values(recognition_asked_at=func.coalesce(MeetingRow.recognition_asked_at, func.now()))
            .execution_options(synchronize_session=False)
        )
        return len(ids)

    async def recognition_done(self, meeting_id: MeetingId) -> None:
        await self._set(meeting_id, recognition_asked_at=None)

    async def recognisable(self, owner_id: UserId, people: Collection[PersonId]) -> frozenset[PersonId]:
        """Who of ``people`` still is in the bank with a voice, for this owner. They stay until the transaction ends:
        nobody is forgotten between this answer and the commit that names them."""
        query = (
            select(PersonRow.id)
            .where(
                PersonRow.id.in_(sorted(set(people))),
                or_(PersonRow.owner_id == owner_id, PersonRow.is_shared),
                exists().where(VoiceprintRow.person_id == PersonRow.id),
            )
            .order_by(PersonRow.id)
            .with_for_update(read=True)
        )
        return frozenset(PersonId(id_) for id_ in await self._session.scalars(query))

    async def relabel_learned(self, labels: Mapping[VoiceprintId, SpeakerLabel | None]) -> None:
        """A learned print says which speaker of its meeting it came from; another run calls them otherwise. ``None``:
        nobody any more. In two steps, because two speakers may swap their labels."""
        if not labels:
            return
        await self._session.execute(
            update(VoiceprintRow)
            .where(VoiceprintRow.id.in_(labels))
            .values(label=None)
            .execution_options(synchronize_session=False)
        )
        for voiceprint_id, label in labels.items():
            await self._session.execute(
                update(VoiceprintRow)
                .where(VoiceprintRow.id == voiceprint_id)
                .values(label=label)
                .execution_options(synchronize_session=False)
            )

    # --- segments that were moved by hand ----------------------------------------------------------------------------

    async def moves(self, meeting_id: MeetingId) -> list[SegmentMove]:
        """The oldest first: that is how they are applied."""
        query = select(SegmentMoveRow).where(SegmentMoveRow.meeting_id == meeting_id)
        query = query.order_by(SegmentMoveRow.position, SegmentMoveRow.created_at, SegmentMoveRow.id)
        rows = await self._session.scalars(query.execution_options(populate_existing=True))
        return [_move(row) for row in rows]

    async def add_move(self, move: SegmentMove) -> None:
        await self._session.execute(
            insert(SegmentMoveRow).values(
                id=move.id,
                meeting_id=move.meeting_id,
                start_s=move.span.start_s,
                end_s=move.span.end_s,
                from_label=move.from_label,
                to_label=move.to_label,
                moved_by=move.moved_by,
                created_at=move.created_at,
                is_lost=move.is_lost,
                is_merge=move.is_merge,
                position=move.position,
                edit_id=move.edit_id,
            )
        )

    async def change_move(self, move: SegmentMove) -> None:
        """Its labels, and whether it is lost."""
        await self._session.execute(
            update(SegmentMoveRow)
            .where(SegmentMoveRow.id == move.id)
            .values(from_label=move.from_label, to_label=move.to_label, is_lost=move.is_lost)
            .execution_options(synchronize_session=False)
        )

    async def remove_move(self, meeting_id: MeetingId, move_id: UUID) -> SegmentMove | None:
        """What was removed; ``None``: there was no such move."""
        query = (
            delete(SegmentMoveRow)
            .where(SegmentMoveRow.meeting_id == meeting_id, SegmentMoveRow.id == move_id)
            .returning(SegmentMoveRow)
        )
        row = await self._session.scalar(query.execution_options(synchronize_session=False))
        return None if row is None else _move(row)

    async def remove_moves_of(self, edit_id: UUID) -> list[SegmentMove]:
        """What was removed."""
        query = delete(SegmentMoveRow).where(SegmentMoveRow.edit_id == edit_id).returning(SegmentMoveRow)
        rows = await self._session.scalars(query.execution_options(synchronize_session=False))
        return [_move(row) for row in rows]

    # -----------------------------------------------------------------------------------------------------------------

    async def _all(self, query: Select[Any, Any]) -> list[Speaker]:
        rows = (await self._session.execute(query.execution_options(populate_existing=True))).all()
        return [_speaker(row, person_name) for row, person_name in rows]

    async def _places(self, wanted: ColumnElement[bool]) -> list[tuple[MeetingId, SpeakerLabel]]:
        query = select(SpeakerRow.meeting_id, SpeakerRow.label).where(wanted)
        rows = (await self._session.execute(query.order_by(SpeakerRow.meeting_id, SpeakerRow.label))).all()
        return [(MeetingId(row.meeting_id), SpeakerLabel(row.label)) for row in rows]

    async def _set(self, meeting_id: MeetingId, **values: Any) -> None:
        query = update(MeetingRow).where(MeetingRow.id == meeting_id).values(**values)
        await self._session.execute(query.execution_options(synchronize_session=False))


def _has_voice_like(person_id: PersonId) -> ColumnElement[bool]:
    """Prints of two models are not compared: ``case`` keeps PostgreSQL from trying (their lengths may differ)."""
    is_same_model = and_(
        SpeakerRow.model_id == VoiceprintRow.model_id, SpeakerRow.model_revision == VoiceprintRow.model_revision
    )
    distance = case((is_same_model, SpeakerRow.vector.cosine_distance(VoiceprintRow.vector)), else_=None)
    is_like = exists().where(VoiceprintRow.person_id == person_id, distance <= 1 - ALIKE)
    considered = SpeakerRow.candidates.contains(literal([{"person_id": str(person_id)}], JSONB))
    return exists().where(
        SpeakerRow.meeting_id == MeetingRow.id, or_(SpeakerRow.person_id == person_id, considered, is_like)
    )


def _speakers() -> Select[Any, Any]:
    return select(SpeakerRow, PersonRow.name).outerjoin(PersonRow, PersonRow.id == SpeakerRow.person_id)


def _speaker(row: SpeakerRow, person_name: str | None) -> Speaker:
    return Speaker(
        meeting_id=MeetingId(row.meeting_id),
        label=SpeakerLabel(row.label),
        run=row.run,
        turns=_spans(row.turns),
        voiceprint=_voiceprint(row),
        quality=None if row.quality is None else _quality(row.quality),
        spans=_spans(row.spans),
        sample_key=row.sample_key,
        naming=Naming(row.naming),
        person_id=None if row.person_id is None else PersonId(row.person_id),
        name=row.name,
        person_name=person_name,
        score=row.score,
        probability=row.probability,
        reason=row.reason,
        explanation=row.explanation,
        candidates=tuple(
            ScoredPerson(PersonId(UUID(one["person_id"])), one["score"], one["probability"]) for one in row.candidates
        ),
        refused=frozenset(map(PersonId, row.refused)),
        learned_print_id=None if row.learned_print_id is None else VoiceprintId(row.learned_print_id),
        decided_by=None if row.decided_by is None else UserId(row.decided_by),
        decided_at=row.decided_at,
    )


def _voiceprint(row: SpeakerRow) -> Voiceprint | None:
    if row.vector is None or row.model_id is None:
        return None
    vector = np.asarray(row.vector, dtype=np.float32)  # (dimension,)
    return Voiceprint(vector, row.model_id, row.speech_s or 0.0, row.model_revision or "")


def _heard(speaker: Speaker) -> dict[str, Any]:
    print_ = speaker.voiceprint
    return {
        "label": speaker.label,
        "turns": _pairs(speaker.turns),
        "vector": None if print_ is None else print_.vector,
        "model_id": None if print_ is None else print_.model_id,
        "model_revision": None if print_ is None else print_.model_revision,
        "speech_s": None if print_ is None else print_.speech_s,
        "quality": None if speaker.quality is None else asdict(speaker.quality),
        "spans": _pairs(speaker.spans),
        "sample_key": speaker.sample_key,
    }


def _decided(speaker: Speaker) -> dict[str, Any]:
    return {
        "naming": str(speaker.naming),
        "person_id": speaker.person_id,
        "name": speaker.name,
        "score": speaker.score,
        "probability": speaker.probability,
        "reason": speaker.reason,
        "explanation": speaker.explanation,
        "candidates": [
            {"person_id": str(one.person_id), "score": one.score, "probability": one.probability}
            for one in speaker.candidates
        ],
        "refused": sorted(speaker.refused),
        "learned_print_id": speaker.learned_print_id,
        "decided_by": speaker.decided_by,
        "decided_at": speaker.decided_at,
    }


def _quality(kept: Mapping[str, Any]) -> VoiceQuality:
    """What a newer version measured besides is left out."""
    names = {field.name for field in fields(VoiceQuality)}
    return VoiceQuality(**{name: value for name, value in kept.items() if name in names})


def _move(row: SegmentMoveRow) -> SegmentMove:
    return SegmentMove(
        id=row.id,
        meeting_id=MeetingId(row.meeting_id),
        span=Span(row.start_s, row.end_s),
        from_label=None if row.from_label is None else SpeakerLabel(row.from_label),
        to_label=SpeakerLabel(row.to_label),
        moved_by=None if row.moved_by is None else UserId(row.moved_by),
        created_at=row.created_at,
        is_lost=row.is_lost,
        is_merge=row.is_merge,
        position=row.position,
        edit_id=row.edit_id,
    )


def _pairs(spans: Sequence[Span]) -> list[list[float]]:
    return [[float(span.start_s), float(span.end_s)] for span in spans]


def _spans(pairs: Sequence[Sequence[float]]) -> tuple[Span, ...]:
    return tuple(Span(start_s, end_s) for start_s, end_s in pairs)
