"""What people changed in the transcript of one run, carried over to that of the next.

Owns which changes are lost by it: those about a speaker whom nobody follows, and corrections that find no word in
their place. They are kept, shown and may be redone by hand; never applied to somebody else, never dropped. Always under
the lock of the meeting's row, in the transaction that publishes.

Usage::

    has_edits = await carry_edits(unit, meeting_id, heirs)
    await mark_lost(unit, storage, meeting_id)           # once the new files lie in their place
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWork
from scribe.domain.corrected_speech import Fit
from scribe.domain.edits import Edit, EditKind
from scribe.domain.meeting import MeetingId
from scribe.domain.speech import SpeakerLabel
from scribe.services.results import FUSION, lay_names, names_of, published_folder

Heirs = Mapping[SpeakerLabel, SpeakerLabel]


async def carry_edits(unit: UnitOfWork, meeting_id: MeetingId, heirs: Heirs) -> bool:
    """Gives them the labels of the new run; whether any is laid over the transcript. What is lost already is not looked
    at again."""
    has_corrections = False
    for edit in await unit.edits.all(meeting_id):
        if edit.is_lost:
            continue
        carried = _carried(edit, heirs)
        if carried != edit:
            await unit.edits.carried(carried)
        has_corrections |= carried.is_standing and carried.kind.is_correction
    return has_corrections


async def mark_lost(unit: UnitOfWork, storage: Storage, meeting_id: MeetingId) -> None:
    """Corrections that find nothing to correct in the files of the new run. Raises: ArtefactError, StorageError."""
    meeting = await unit.meetings.get(meeting_id)
    if meeting is None or not await unit.edits.corrections(meeting_id):
        return
    names = await names_of(unit, meeting)
    laid = await asyncio.to_thread(lay_names, storage, f"{published_folder(meeting)}/{FUSION}", names)
    homeless = [id_ for id_, fit in laid.fits.items() if fit is Fit.NOT_AT_ALL]
    for edit in await unit.edits.with_ids(meeting_id, homeless):
        await unit.edits.carried(replace(edit, is_lost=True))


def _carried(edit: Edit, heirs: Heirs) -> Edit:
    """With the labels of the new run, or lost."""
    if edit.kind is EditKind.NAME:
        heir = None if edit.label is None else heirs.get(edit.label)
        return replace(edit, is_lost=True) if heir is None else replace(edit, label=heir)
    sides = {side: edit.payload[side] for side in ("before", "after")}
    moves = edit.payload.get("moves", [])
    if edit.kind.is_correction:
        mentioned = {line["speaker"] for lines in sides.values() for line in lines} - {None}
    else:
        mentioned = {move["to_label"] for move in moves}
        mentioned |= {move["from_label"] for move in moves if edit.kind is EditKind.MERGE}
    if not mentioned <= heirs.keys():
        return replace(edit, is_lost=True)
    payload = {
        **edit.payload,
        **{side: [_spoken_by_heir(line, heirs) for line in lines] for side, lines in sides.items()},
    }
    if moves:
        payload["moves"] = [
            {**move, "to_label": heirs[move["to_label"]], "from_label": heirs.get(move["from_label"])} for move in moves
        ]
    return replace(edit, label=None if edit.label is None else heirs.get(edit.label), payload=payload)


def _spoken_by_heir(line: Mapping[str, Any], heirs: Heirs) -> dict[str, Any]:
    speaker = heirs.get(line["speaker"])
    if "words" not in line:
        return {**line, "speaker": speaker}
    words = [{**word, "speaker": heirs.get(word["speaker"])} for word in line["words"]]
    return {**line, "speaker": speaker, "words": words}
