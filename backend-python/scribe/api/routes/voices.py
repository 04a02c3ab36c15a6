"""The voice bank: clips on their way in, voiceprints, whose voice it is."""

import hashlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from scribe.api.audio import AUDIO_SAMPLE, RangeHeader, sample_response
from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.purging import purge_now
from scribe.api.routes.meetings import IdempotencyKey
from scribe.api.routes.uploads import body_of, desk_of, refuse_forms
from scribe.api.schemas.people import PREFIX as PEOPLE
from scribe.api.schemas.voices import (
    PREFIX,
    ClipQuery,
    ConsentTextOut,
    EnrolmentOut,
    EnrolQuery,
    FromSpeakerIn,
    RecogniseIn,
    RecogniseOut,
    VoiceOut,
    VoicesOut,
    Wait,
    address_of,
    people_in,
)
from scribe.api.security import Reader, Writer
from scribe.api.upload_headers import announced_sha256, content_length, file_name
from scribe.domain.accounts import Principal
from scribe.domain.audit import Action
from scribe.domain.enrolments import Enrolment, EnrolmentId, EnrolmentKind
from scribe.domain.errors import ChecksumError
from scribe.domain.meeting import MeetingId
from scribe.domain.people import PersonId, PrintOrigin, VoiceprintId
from scribe.domain.speech import SpeakerLabel
from scribe.services import appearances, enrolment, recognition, voices
from scribe.services.consent_text import consent_text
from scribe.services.enrolment import IncomingClip
from scribe.services.idempotency import hash_of, once_apart

router = APIRouter(tags=["Voices"])

_JSON = "application/json"
_CLIP: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The clip itself, as it is: no form, no JSON.",
        "content": {"application/octet-stream": _CLIP, "audio/*": _CLIP, "video/*": _CLIP},
    }
}
_LOCATION: dict[str, Any] = {"Location": {"schema": {"type": "string"}, "description": "The enrolment's address."}}
_OUTCOME: dict[int | str, dict[str, Any]] = {
    200: {"description": "It came to an end, or waits for a human to decide: see `status`.", "headers": _LOCATION},
    202: {"description": "A worker will listen to it.", "model": EnrolmentOut, "headers": _LOCATION},
}


@router.post(
    f"{PEOPLE}/{{person_id}}/voices",
    operation_id="enrol_voice",
    summary="Enrol a person from a clip",
    response_model=EnrolmentOut,
    responses={**_OUTCOME, **problems(404, 409, 413, 415, 422, 429, 507)},
    openapi_extra=_BODY,
)
async def enrol_voice(
    person_id: UUID,
    request: Request,
    writer: Writer,
    ctx: Ctx,
    wishes: Annotated[EnrolQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The body is the clip, half a minute of nobody but this person talking: `curl -X POST -T claire.m4a -H
    "Authorization: Bearer $TOKEN" "$URL/api/v1/people/$ID/voices?file_name=claire.m4a&wait=20"`. With `wait`, the
    answer says what became of it. A clip that is too short, noisy or mixed is not an error: `status` is `REFUSED`, and
    `problems` say what is missing. Without the person's consent: 409 `voices.consent_missing`."""

    async def receive() -> UUID:
        origin = PrintOrigin(wishes.origin)
        return (await _receive(ctx, writer, request, wishes, person_id=PersonId(person_id), origin=origin)).id

    said = [wishes.model_dump(exclude={"wait"}), content_length(request), announced_sha256(request, wishes.sha256)]
    asked = hash_of("POST", request.url.path, said)
    made = await once_apart(ctx.units, writer.user_id, idempotency_key, asked, receive)
    return await _waited(ctx, writer, EnrolmentId(made), wishes.wait)


@router.post(
    f"{PEOPLE}/{{person_id}}/voices/from-speaker",
    operation_id="enrol_speaker",
    summary="Enrol a person from a speaker of a meeting",
    response_model=EnrolmentOut,
    responses={**_OUTCOME, **problems(404, 409, 413, 422)},
)
async def enrol_speaker(person_id: UUID, source: FromSpeakerIn, writer: Writer, ctx: Ctx, wait: Wait = 0.0) -> Response:
    """The voice is taken as it was heard in the meeting; the same is asked and refused as with a clip. It stays when
    the speaker's name is corrected later; to teach by naming, `PUT` the speaker instead."""
    asked = await enrolment.from_speaker(
        desk_of(ctx), writer, PersonId(person_id), MeetingId(source.meeting_id), SpeakerLabel(source.label)
    )
    return await _waited(ctx, writer, asked.id, wait)


@router.get(
    PREFIX,
    operation_id="list_voices",
    summary="Voiceprints of a person",
    responses=problems(404),
)
async def list_voices(reader: Reader, ctx: Ctx, person_id: Annotated[UUID, Query(description="Whose.")]) -> VoicesOut:
    return VoicesOut(items=[VoiceOut.of(one) for one in await voices.of_person(ctx.units, reader, PersonId(person_id))])


@router.get(
    f"{PREFIX}/consent-text",
    operation_id="get_consent_text",
    summary="What somebody agrees to",
)
async def get_consent_text(
    reader: Reader,  # noqa: ARG001 -- only to be let in
    language: Annotated[Literal["fr", "en"], Query()] = "fr",
) -> ConsentTextOut:
    """A text to show or print before somebody's voice is enrolled; your organisation may have its own."""
    return ConsentTextOut.model_validate(consent_text(language))


@router.post(
    f"{PREFIX}/test",
    operation_id="test_voice",
    summary="Whose voice is this?",
    response_model=EnrolmentOut,
    responses={**_OUTCOME, **problems(413, 415, 422, 429, 507)},
    openapi_extra=_BODY,
)
async def test_voice(request: Request, writer: Writer, ctx: Ctx, wishes: Annotated[ClipQuery, Query()]) -> Response:
    """Compares a clip with the people whom a meeting of yours would be compared with; `verdict` says who it is. The
    clip and its voiceprint are not kept."""
    received = await _receive(ctx, writer, request, wishes, kind=EnrolmentKind.TEST)
    return await _waited(ctx, writer, received.id, wishes.wait)


@router.post(
    f"{PREFIX}/recognise",
    operation_id="recognise_meetings",
    summary="Compare past meetings with the bank again",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(404, 413),
)
async def recognise_meetings(wishes: RecogniseIn, writer: Writer, ctx: Ctx) -> RecogniseOut:
    """For when the bank has grown. Your meetings are looked through within moments, from voiceprints that were kept:
    no audio is decoded again. What somebody confirmed or rejected stays as it is."""
    person_id = None if wishes.person_id is None else PersonId(wishes.person_id)
    return RecogniseOut(meetings=await recognition.ask(ctx.units, writer, since=wishes.since, person_id=person_id))


@router.get(
    f"{PREFIX}/enrolments/{{enrolment_id}}",
    operation_id="get_enrolment",
    summary="What became of a clip",
    responses=problems(404),
)
async def get_enrolment(enrolment_id: UUID, reader: Reader, ctx: Ctx, wait: Wait = 0.0) -> EnrolmentOut:
    """Yours. With `wait`, answers when a worker is done with it, or after so many seconds."""
    return await _shown(ctx, reader, await enrolment.wait(ctx.units, reader, EnrolmentId(enrolment_id), wait))


@router.post(
    f"{PREFIX}/enrolments/{{enrolment_id}}/confirm",
    operation_id="confirm_enrolment",
    summary="The voice in question is the right one",
    response_model=EnrolmentOut,
    responses={**_OUTCOME, **problems(404, 409)},
)
async def confirm_enrolment(enrolment_id: UUID, writer: Writer, ctx: Ctx, wait: Wait = 0.0) -> Response:
    """Of an enrolment that is `QUESTIONED`: enrolled without asking again."""
    confirmed = await enrolment.confirm(desk_of(ctx), writer, EnrolmentId(enrolment_id))
    return await _waited(ctx, writer, confirmed.id, wait)


@router.delete(
    f"{PREFIX}/enrolments/{{enrolment_id}}",
    operation_id="delete_enrolment",
    summary="Discard a clip",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(404),
)
async def delete_enrolment(enrolment_id: UUID, writer: Writer, ctx: Ctx) -> Response:
    """Also while it waits. A voiceprint that came of it stays: `DELETE /api/v1/voices/{voice_id}` removes that."""
    await enrolment.discard(ctx.units, writer, EnrolmentId(enrolment_id))
    await purge_now(ctx)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get(
    f"{PREFIX}/{{voice_id}}",
    operation_id="get_voice",
    summary="One voiceprint",
    responses=problems(404),
)
async def get_voice(voice_id: UUID, reader: Reader, ctx: Ctx) -> VoiceOut:
    return VoiceOut.of(await voices.read(ctx.units, reader, VoiceprintId(voice_id)))


@router.delete(
    f"{PREFIX}/{{voice_id}}",
    operation_id="delete_voice",
    summary="Remove a voiceprint",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(403, 404),
)
async def delete_voice(voice_id: UUID, writer: Writer, ctx: Ctx) -> Response:
    """The print and its sample; the person is recognised by what is left. Names that were given stay."""
    await voices.remove(ctx.units, writer, VoiceprintId(voice_id))
    await purge_now(ctx)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get(
    f"{PREFIX}/{{voice_id}}/sample",
    operation_id="get_voice_sample",
    summary="Hear what a voiceprint was made from",
    response_class=Response,
    responses={**AUDIO_SAMPLE, **problems(403, 404, 416)},
)
async def get_voice_sample(voice_id: UUID, reader: Reader, ctx: Ctx, range_header: RangeHeader = None) -> Response:
    """The cleanest stretches, 20 s at most, for whoever may change the person."""
    content = await voices.sample(ctx.units, ctx.storage, reader, VoiceprintId(voice_id))
    ctx.reading_log.note(Action.SAMPLE_PLAYED, subject_id=voice_id)
    return sample_response(content, range_header)


async def _receive(
    ctx: Context,
    who: Principal,
    request: Request,
    wishes: ClipQuery,
    *,
    person_id: PersonId | None = None,
    kind: EnrolmentKind = EnrolmentKind.ENROL,
    origin: PrintOrigin = PrintOrigin.CLIP,
) -> Enrolment:
    refuse_forms(request)
    sha256 = announced_sha256(request, wishes.sha256)
    clip = IncomingClip(
        _checked(body_of(request), sha256), content_length(request), wishes.file_name or file_name(request)
    )
    return await enrolment.receive(desk_of(ctx), who, clip, person_id=person_id, kind=kind, origin=origin)


async def _checked(body: AsyncIterator[bytes], sha256: str | None) -> AsyncIterator[bytes]:
    """Raises: ChecksumError after the last byte, so that nothing is kept of it."""
    came = hashlib.sha256()
    async for chunk in body:
        came.update(chunk)
        yield chunk
    if sha256 is not None and came.hexdigest() != sha256:
        raise ChecksumError("What arrived is not what was sent (SHA-256 differs): send it again.")


async def _waited(ctx: Context, who: Principal, asked: EnrolmentId, wait_s: float) -> Response:
    now = await enrolment.wait(ctx.units, who, asked, wait_s)
    status = HTTPStatus.ACCEPTED if now.status.is_open else HTTPStatus.OK
    body = await _shown(ctx, who, now)
    return Response(body.model_dump_json(), status, {"Location": address_of(now)}, _JSON)


async def _shown(ctx: Context, who: Principal, shown: Enrolment) -> EnrolmentOut:
    return EnrolmentOut.of(shown, await appearances.names_of(ctx.units, who, people_in(shown)))
