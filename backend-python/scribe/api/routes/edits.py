"""What people correct in a transcript: make, undo, redo, and the history of who changed what."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.purging import purge_now
from scribe.api.schemas.edits import EditIn, EditMadeOut, EditsOut, SpeakerMergeIn
from scribe.api.schemas.meetings import PREFIX
from scribe.api.schemas.texts import Label
from scribe.api.security import Reader, Writer
from scribe.domain.meeting import MeetingId
from scribe.domain.speech import SpeakerLabel
from scribe.services import edit_undoing, edit_views, edits
from scribe.services.edit_desk import EditDesk

router = APIRouter(prefix=f"{PREFIX}/{{meeting_id}}", tags=["Corrections"])


@router.get("/edits", operation_id="list_edits", summary="Who changed what", responses=problems(404))
async def list_edits(
    meeting_id: UUID,
    reader: Reader,
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    lost: Annotated[bool, Query(description="Only what has no place since another run.")] = False,  # noqa: FBT002 -- a query parameter
) -> EditsOut:
    """The newest first: corrections, moves, merged speakers and names, with what was undone."""
    page = await edit_views.history(
        ctx.units, reader, MeetingId(meeting_id), limit=limit, cursor=cursor, only_lost=lost
    )
    return EditsOut.of(page)


@router.post(
    "/edits",
    operation_id="create_edit",
    summary="Correct the transcript",
    status_code=HTTPStatus.CREATED,
    responses=problems(404, 409, 413),
)
async def create_edit(meeting_id: UUID, wanted: EditIn, writer: Writer, ctx: Ctx) -> EditMadeOut:
    """Lines are sent as the transcript showed them. Where one does not stand so any more, the answer is 409
    `edit.conflict` with `current` (what stands there now) and `edits` (who changed it)."""
    return EditMadeOut.of(await edits.make(_desk(ctx), writer, MeetingId(meeting_id), wanted.wish()))


@router.post("/edits/{edit_id}/undo", operation_id="undo_edit", summary="Undo a change", responses=problems(404, 409))
async def undo_edit(meeting_id: UUID, edit_id: UUID, writer: Writer, ctx: Ctx) -> EditMadeOut:
    """409 `edit.conflict` when later changes stand on it: `edits` names them."""
    made = await edit_undoing.undo(_desk(ctx), writer, MeetingId(meeting_id), edit_id)
    await purge_now(ctx)  # a name may have taught the bank a voice
    return EditMadeOut.of(made)


@router.post(
    "/edits/{edit_id}/redo",
    operation_id="redo_edit",
    summary="Make an undone change again",
    responses=problems(404, 409),
)
async def redo_edit(meeting_id: UUID, edit_id: UUID, writer: Writer, ctx: Ctx) -> EditMadeOut:
    """Also one that was lost with another run: it goes where it fits best now."""
    made = await edit_undoing.redo(_desk(ctx), writer, MeetingId(meeting_id), edit_id)
    await purge_now(ctx)
    return EditMadeOut.of(made)


@router.post(
    "/speakers/{label}/merge",
    operation_id="merge_speakers",
    summary="Two speakers are one",
    responses=problems(404, 409, 413),
)
async def merge_speakers(
    meeting_id: UUID,
    label: Annotated[Label, Path(examples=["SPEAKER_01"])],
    wanted: SpeakerMergeIn,
    writer: Writer,
    ctx: Ctx,
) -> EditMadeOut:
    """All that `label` says is `into`'s. Undone like any other change."""
    made = await edits.merge(_desk(ctx), writer, MeetingId(meeting_id), SpeakerLabel(label), SpeakerLabel(wanted.into))
    return EditMadeOut.of(made)


def _desk(ctx: Context) -> EditDesk:
    return EditDesk(ctx.units, ctx.storage, ctx.transcripts, ctx.settings.voices)
