"""Who the speakers of a meeting are: read, name, listen, move a stretch to somebody else."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from scribe.api.audio import AUDIO_SAMPLE, RangeHeader, sample_response
from scribe.api.conditions import NOT_MODIFIED, IfNoneMatch, etag_of, is_known, not_modified
from scribe.api.context import Ctx
from scribe.api.errors import problems
from scribe.api.purging import purge_now
from scribe.api.schemas.meetings import PREFIX
from scribe.api.schemas.speakers import (
    DecisionIn,
    MoveIn,
    MoveOut,
    MovesOut,
    RecogniseMeetingOut,
    SpeakerOut,
    SpeakersOut,
)
from scribe.api.schemas.texts import Label
from scribe.api.security import Reader, Writer
from scribe.domain.audit import Action
from scribe.domain.meeting import MeetingId
from scribe.domain.speech import SpeakerLabel
from scribe.services import moves, naming, recognition, voices

router = APIRouter(prefix=f"{PREFIX}/{{meeting_id}}", tags=["Speakers"])

Which = Annotated[Label, Path(examples=["SPEAKER_00"])]


@router.get(
    "/speakers",
    operation_id="list_speakers",
    summary="Who the speakers are",
    response_model=SpeakersOut,
    responses={**NOT_MODIFIED, **problems(404, 409)},
)
async def list_speakers(meeting_id: UUID, reader: Reader, ctx: Ctx, if_none_match: IfNoneMatch = None) -> Response:
    """With the bank's verdict and what people decided. 409 `meeting.not_ready` until there are results."""
    found = await naming.speakers(ctx.units, reader, MeetingId(meeting_id))
    body = SpeakersOut(speakers=[SpeakerOut.of(view) for view in found]).model_dump_json()
    etag = etag_of(body)
    if is_known(etag, if_none_match):
        return not_modified(etag)
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.put(
    "/speakers/{label}",
    operation_id="name_speaker",
    summary="Say who a speaker is",
    responses=problems(403, 404, 409, 413),
)
async def name_speaker(meeting_id: UUID, label: Which, decision: DecisionIn, writer: Writer, ctx: Ctx) -> SpeakerOut:
    """Transcript and exports say it at once, result files within moments. A confirmed person's voice is learned where
    you may change the person; a correction takes away exactly what the wrong name had taught. The same decision twice
    is one."""
    view = await naming.name(
        ctx.units,
        ctx.storage,
        ctx.settings.voices,
        writer,
        MeetingId(meeting_id),
        SpeakerLabel(label),
        decision.decision(),
        remember=decision.remember,
    )
    await purge_now(ctx)  # a print that was taken away leaves no sample
    return SpeakerOut.of(view)


@router.get(
    "/speakers/{label}/sample",
    operation_id="get_speaker_sample",
    summary="Hear a speaker",
    response_class=Response,
    responses={**AUDIO_SAMPLE, **problems(404, 416)},
)
async def get_speaker_sample(
    meeting_id: UUID, label: Which, reader: Reader, ctx: Ctx, range_header: RangeHeader = None
) -> Response:
    """The cleanest stretches, 20 s at most: to tell who it is."""
    content = await voices.speaker_sample(ctx.units, ctx.storage, reader, MeetingId(meeting_id), SpeakerLabel(label))
    ctx.reading_log.note(Action.SAMPLE_PLAYED, meeting_id=meeting_id, detail={"label": label})
    return sample_response(content, range_header)


@router.post(
    "/recognise",
    operation_id="recognise_meeting",
    summary="Compare the speakers with the bank again",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(404),
)
async def recognise_meeting(meeting_id: UUID, writer: Writer, ctx: Ctx) -> RecogniseMeetingOut:
    """Within moments, from voiceprints that were kept: no audio is decoded again. What somebody confirmed or rejected
    stays as it is."""
    asked = await recognition.ask(ctx.units, writer, meeting_id=MeetingId(meeting_id))
    return RecogniseMeetingOut(is_asked=asked > 0)


@router.get(
    "/moves",
    operation_id="list_moves",
    summary="Stretches that were given to another speaker",
    responses=problems(404),
)
async def list_moves(meeting_id: UUID, reader: Reader, ctx: Ctx) -> MovesOut:
    found = await moves.moves(ctx.units, reader, MeetingId(meeting_id))
    return MovesOut(items=[MoveOut.of(move) for move in found])


@router.post(
    "/moves",
    operation_id="create_move",
    summary="Give a stretch to another speaker",
    status_code=HTTPStatus.CREATED,
    responses=problems(404, 409, 413),
)
async def create_move(meeting_id: UUID, wanted: MoveIn, writer: Writer, ctx: Ctx) -> MoveOut:
    """What is said between two times is somebody else's: transcript and exports say it at once. It teaches the bank
    nothing. The same move twice is one."""
    move = await moves.move(
        ctx.units,
        writer,
        MeetingId(meeting_id),
        wanted.start_s,
        wanted.end_s,
        SpeakerLabel(wanted.to_label),
        from_label=None if wanted.from_label is None else SpeakerLabel(wanted.from_label),
    )
    return MoveOut.of(move)


@router.delete(
    "/moves/{move_id}",
    operation_id="delete_move",
    summary="Take a move back",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(404),
)
async def delete_move(meeting_id: UUID, move_id: UUID, writer: Writer, ctx: Ctx) -> Response:
    """The stretch is whose the models say it is, again."""
    await moves.undo_move(ctx.units, writer, MeetingId(meeting_id), move_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)
