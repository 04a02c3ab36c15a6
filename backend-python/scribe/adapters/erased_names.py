"""Where a forgotten person is written as text: names that people typed for speakers, wishes of runs, drafts of uploads.

Owns finding and replacing these; never what the bank itself says (``adapters/erasures.py``), and never what was said
in a meeting or written in its title and notes.

Usage::

    await drop_wishes(session, person_id, person)
    await replace_free_names(session, person, "P-7F3A2C")
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from scribe.adapters.erasures import KnownPerson
from scribe.core.edits_db import EditRow
from scribe.core.models_db import MeetingRow, UploadRow
from scribe.core.voices_db import PersonRow, SpeakerRow
from scribe.domain.edits import EditKind
from scribe.domain.folding import fold
from scribe.domain.meeting import MeetingId
from scribe.domain.people import PersonId
from scribe.domain.speech import SpeakerLabel

_VOICES = MeetingRow.options["voices"]


async def replace_free_names(
    session: AsyncSession, person: KnownPerson, pseudonym: str
) -> list[tuple[MeetingId, SpeakerLabel]]:
    """Speakers that people called by this very name, without a person of the bank behind it; and whom they called so
    once, in the history of a meeting."""
    if await _has_namesake(session, person):
        return []
    await _in_histories(session, person, pseudonym)
    texts = await session.scalars(
        select(SpeakerRow.name).where(SpeakerRow.person_id.is_(None), SpeakerRow.name.is_not(None)).distinct()
    )
    same = [name for name in texts if name is not None and fold(name) == fold(person.name)]
    if not same:
        return []
    rows = await session.execute(
        update(SpeakerRow)
        .where(
            SpeakerRow.person_id.is_(None),
            SpeakerRow.name.in_(same),
            SpeakerRow.meeting_id.in_(select(MeetingRow.id).where(*_reach(person))),
        )
        .values(name=pseudonym)
        .returning(SpeakerRow.meeting_id, SpeakerRow.label)
        .execution_options(synchronize_session=False)
    )
    return [(MeetingId(row.meeting_id), SpeakerLabel(row.label)) for row in rows]


async def _in_histories(session: AsyncSession, person: KnownPerson, pseudonym: str) -> None:
    rows = await session.execute(
        select(EditRow.id, EditRow.payload).where(
            EditRow.kind == EditKind.NAME, EditRow.meeting_id.in_(select(MeetingRow.id).where(*_reach(person)))
        )
    )
    for row in rows.all():
        payload = {side: _renamed(row.payload[side], person, pseudonym) for side in ("before", "after")}
        if payload != row.payload:
            await session.execute(
                update(EditRow)
                .where(EditRow.id == row.id)
                .values(payload=payload)
                .execution_options(synchronize_session=False)
            )


def _renamed(decision: Mapping[str, Any], person: KnownPerson, pseudonym: str) -> dict[str, Any]:
    name = decision["name"]
    is_same = name is not None and decision["person_id"] is None and fold(name) == fold(person.name)
    return {**decision, "name": pseudonym} if is_same else dict(decision)


async def drop_wishes(session: AsyncSession, person_id: PersonId, by_name: KnownPerson | None) -> None:
    """Runs that look for this person look for the others only: by id wherever it is, and ``by_name`` where the name
    means this person."""
    names = {fold(by_name.name)} if by_name is not None and not await _has_namesake(session, by_name) else set()

    def is_meant(wish: object) -> bool:
        return wish == str(person_id) or (bool(names) and fold(str(wish)) in names)

    reach: ColumnElement[bool] = func.jsonb_exists(_VOICES, str(person_id))
    if by_name is not None and names:
        reach = or_(reach, *(_reach(by_name) or [true()]))
    await _in_meetings(session, reach, is_meant)
    await _in_uploads(session, is_meant)


async def _in_meetings(session: AsyncSession, reach: ColumnElement[bool], is_meant: Callable[[object], bool]) -> None:
    rows = await session.execute(
        select(MeetingRow.id, MeetingRow.options).where(func.jsonb_typeof(_VOICES) == "array", reach)
    )
    for row in rows.all():
        options = without_wish(row.options, is_meant)
        if options is not None:
            await session.execute(
                update(MeetingRow)
                .where(MeetingRow.id == row.id)
                .values(options=options, version=MeetingRow.version + 1, updated_at=func.now())
                .execution_options(synchronize_session=False)
            )


async def _in_uploads(session: AsyncSession, is_meant: Callable[[object], bool]) -> None:
    voices = UploadRow.metadata_["draft"]["options"]["voices"]
    metadata = UploadRow.metadata_.label("kept")
    rows = await session.execute(select(UploadRow.id, metadata).where(func.jsonb_typeof(voices) == "array"))
    for row in rows.all():
        draft = row.kept["draft"]
        options = without_wish(draft["options"], is_meant)
        if options is not None:
            kept = {"header": _without_voices(row.kept["header"]), "draft": {**draft, "options": options}}
            await session.execute(
                update(UploadRow)
                .where(UploadRow.id == row.id)
                .values(metadata_=kept)
                .execution_options(synchronize_session=False)
            )


def without_wish(options: Mapping[str, Any], is_meant: Callable[[object], bool]) -> dict[str, Any] | None:
    """``domain.requests.RunOptions`` as JSON; ``None``: nothing to change. Who wished for this voice only wishes for
    none now, and not for all."""
    wishes: Sequence[object] = options["voices"]
    left = [wish for wish in wishes if not is_meant(wish)]
    return None if len(left) == len(wishes) else {**options, "voices": left or "none"}


def _without_voices(header: str) -> str:
    """A client of tus is given back what it said at first; values are Base64, so that nobody finds a name in them."""
    return ",".join(pair for pair in header.split(",") if pair.strip().partition(" ")[0] != "voices")


async def _has_namesake(session: AsyncSession, person: KnownPerson) -> bool:
    """Nobody knows then who was meant."""
    others = await session.scalars(
        select(PersonRow.name).where(
            PersonRow.id != person.id, (PersonRow.owner_id == person.owner_id) | PersonRow.is_shared
        )
    )
    return any(fold(name) == fold(person.name) for name in others)


def _reach(person: KnownPerson) -> list[ColumnElement[bool]]:
    """Whose meetings may mean this person by the name."""
    return [] if person.is_shared else [MeetingRow.owner_id == person.owner_id]
