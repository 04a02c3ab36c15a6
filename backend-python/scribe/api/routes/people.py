"""People of the voice bank: list, introduce, read, change, forget; consents; merge and split."""

import json
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from scribe.api.audio import NEVER_KEPT
from scribe.api.conditions import (
    NOT_MODIFIED,
    IfMatch,
    IfNoneMatch,
    expected_version,
    is_known,
    not_modified,
    person_etag,
)
from scribe.api.context import Context, Ctx
from scribe.api.errors import problems
from scribe.api.paging import check_limit, link_to_next
from scribe.api.purging import purge_now
from scribe.api.routes.meetings import IdempotencyKey
from scribe.api.schemas.people import (
    PREFIX,
    AppearancesIn,
    AppearancesOut,
    ConsentIn,
    ConsentOut,
    ConsentsOut,
    ForgottenOut,
    MergeIn,
    PeopleOut,
    PersonChangesIn,
    PersonDetailOut,
    PersonIn,
    PersonListIn,
    SplitIn,
)
from scribe.api.security import Reader, Writer
from scribe.api.streaming import disposition
from scribe.domain.accounts import Principal
from scribe.domain.people import NamePolicy, Person, PersonId, VoiceprintId
from scribe.services import appearances, forgetting, people, voice_transfer
from scribe.services.idempotency import hash_of, once_apart

router = APIRouter(prefix=PREFIX, tags=["People"])

_JSON = "application/json"
_LOCATION: dict[str, Any] = {"Location": {"schema": {"type": "string"}, "description": "The person's address."}}
_CREATED: dict[int | str, dict[str, Any]] = {
    201: {"description": "The new person.", "model": PersonDetailOut, "headers": _LOCATION}
}
Names = Annotated[
    NamePolicy | None,
    Query(
        description="What becomes of the name in old transcripts: `keep` it as plain text, or `pseudonymise` it. Left "
        "out: as this installation prefers (`SCRIBE_VOICES__FORGET_NAMES`)."
    ),
]


@router.get("", operation_id="list_people", summary="List people", response_model=PeopleOut)
async def list_people(request: Request, reader: Reader, ctx: Ctx, wanted: Annotated[PersonListIn, Query()]) -> Response:
    """Yours and those who are shared, by name; administrators see everybody. Page by page: send `next` as `cursor`
    with the same `q`."""
    check_limit(ctx, wanted.limit)
    page = await people.page(ctx.units, reader, wanted.query())
    num_meetings = await appearances.counts_of(ctx.units, reader, [person.id for person in page.people])
    answer = PeopleOut.of(page, reader, num_meetings)
    return Response(answer.model_dump_json(), media_type=_JSON, headers=link_to_next(request, answer.next))


@router.post(
    "",
    operation_id="create_person",
    summary="Introduce a person",
    status_code=HTTPStatus.CREATED,
    response_model=PersonDetailOut,
    responses={**_CREATED, **problems(409, 413)},
)
async def create_person(
    request: Request, new: PersonIn, writer: Writer, ctx: Ctx, idempotency_key: IdempotencyKey = None
) -> Response:
    """Yours. Two people may have the same name. With a consent at once, or recorded later; then
    `POST /api/v1/people/{person_id}/voices`."""
    consent = None if new.consent is None else new.consent.draft()

    async def create() -> UUID:
        return (await people.create(ctx.units, writer, new.draft(), consent)).id

    asked = hash_of("POST", request.url.path, new.model_dump(mode="json"))
    made = await once_apart(ctx.units, writer.user_id, idempotency_key, asked, create)
    return await _created(ctx, writer, await people.read(ctx.units, writer, PersonId(made)))


@router.get(
    "/{person_id}",
    operation_id="get_person",
    summary="Read a person",
    response_model=PersonDetailOut,
    responses={**NOT_MODIFIED, **problems(404)},
)
async def get_person(person_id: UUID, reader: Reader, ctx: Ctx, if_none_match: IfNoneMatch = None) -> Response:
    """404 for a person of somebody else who is not shared, as for one who does not exist."""
    person = await people.read(ctx.units, reader, PersonId(person_id))
    return await _shown(ctx, reader, person, if_none_match=if_none_match)


@router.patch(
    "/{person_id}",
    operation_id="update_person",
    summary="Change name, aliases, note or sharing",
    response_model=PersonDetailOut,
    responses=problems(403, 404, 412, 413),
)
async def update_person(
    person_id: UUID, changes: PersonChangesIn, writer: Writer, ctx: Ctx, if_match: IfMatch = None
) -> Response:
    """What is left out stays as it is. With `If-Match`, nobody's changes are overwritten unseen. Another name is in
    all transcripts at once."""
    now = await people.read(ctx.units, writer, PersonId(person_id))
    changed = await people.change(ctx.units, writer, now.id, changes.changes(), version=expected_version(now, if_match))
    return await _shown(ctx, writer, changed)


@router.delete(
    "/{person_id}",
    operation_id="forget_person",
    summary="Forget a person",
    responses=problems(403, 404),
)
async def forget_person(person_id: UUID, writer: Writer, ctx: Ctx, names: Names = None) -> ForgottenOut:
    """For good: entry, consents, voiceprints, samples, clips, and every suggestion of this person in a meeting. No
    backup that is restored later brings them back."""
    policy = names or NamePolicy(ctx.settings.voices.forget_names)
    gone = await forgetting.forget(ctx.units, writer, PersonId(person_id), policy)
    await purge_now(ctx)
    return ForgottenOut.of(gone, await appearances.visible_meetings(ctx.units, writer, gone.meetings))


@router.get(
    "/{person_id}/meetings",
    operation_id="list_person_meetings",
    summary="Meetings in which a person is named",
    response_model=AppearancesOut,
    responses=problems(404),
)
async def list_person_meetings(
    person_id: UUID, request: Request, reader: Reader, ctx: Ctx, wanted: Annotated[AppearancesIn, Query()]
) -> Response:
    """Those that you may see, newest first."""
    check_limit(ctx, wanted.limit)
    page = await appearances.page(ctx.units, reader, PersonId(person_id), after=wanted.after, limit=wanted.limit)
    answer = AppearancesOut.of(page)
    return Response(answer.model_dump_json(), media_type=_JSON, headers=link_to_next(request, answer.next))


@router.get(
    "/{person_id}/export",
    operation_id="export_person",
    summary="Everything that is stored of a person",
    response_class=Response,
    responses={
        200: {
            "description": "docs/privacy.md explains it.",
            "content": {_JSON: {"schema": {"type": "object"}}},
        },
        **problems(403, 404),
    },
)
async def export_person(person_id: UUID, writer: Writer, ctx: Ctx) -> Response:
    """The answer to an access request (GDPR art. 15 and 20), voiceprints included: for whoever may change the person.
    Hand it to nobody but the person. The samples can be heard at `GET /api/v1/voices/{voice_id}/sample`."""
    report = await voice_transfer.access_report(ctx.units, ctx.storage, writer, PersonId(person_id))
    headers = {"Content-Disposition": disposition(f"{person_id}.json", is_download=True), "Cache-Control": NEVER_KEPT}
    return Response(json.dumps(report, ensure_ascii=False), media_type=_JSON, headers=headers)


# --- consents ---------------------------------------------------------------------------------------------------------


@router.get(
    "/{person_id}/consents",
    operation_id="list_consents",
    summary="What a person agreed to, and when",
    responses=problems(403, 404),
)
async def list_consents(person_id: UUID, reader: Reader, ctx: Ctx) -> ConsentsOut:
    """For whoever may change the person."""
    found = await people.consents(ctx.units, reader, PersonId(person_id))
    return ConsentsOut(items=[ConsentOut.of(consent) for consent in found])


@router.post(
    "/{person_id}/consents",
    operation_id="create_consent",
    summary="Record a consent",
    status_code=HTTPStatus.CREATED,
    responses=problems(403, 404, 413),
)
async def create_consent(person_id: UUID, given: ConsentIn, writer: Writer, ctx: Ctx) -> ConsentOut:
    """Who agreed, when, and to which text. Without it nobody is enrolled, taught or recognised."""
    return ConsentOut.of(await people.give_consent(ctx.units, writer, PersonId(person_id), given.draft()))


@router.delete(
    "/{person_id}/consents/{consent_id}",
    operation_id="withdraw_consent",
    summary="Withdraw a consent",
    responses=problems(403, 404),
)
async def withdraw_consent(person_id: UUID, consent_id: UUID, writer: Writer, ctx: Ctx) -> ConsentOut:
    """When no other one is active, every voiceprint and sample of the person goes at once. The entry and the record
    of the consent stay; names in transcripts do, too."""
    withdrawn = await people.withdraw_consent(ctx.units, writer, PersonId(person_id), consent_id)
    await purge_now(ctx)
    return ConsentOut.of(withdrawn)


# --- two entries of one person, one entry of two people ---------------------------------------------------------------


@router.post(
    "/{person_id}/merge",
    operation_id="merge_people",
    summary="Two entries are one person",
    response_model=PersonDetailOut,
    responses=problems(403, 404, 409, 413),
)
async def merge_people(person_id: UUID, other: MergeIn, writer: Writer, ctx: Ctx) -> Response:
    """Voices, meetings and aliases of `other_id` become this person's; its name becomes an alias. Needs the right to
    change both."""
    merged = await people.merge(ctx.units, writer, PersonId(person_id), PersonId(other.other_id))
    return await _shown(ctx, writer, merged)


@router.post(
    "/{person_id}/split",
    operation_id="split_person",
    summary="Some voices are somebody else's",
    status_code=HTTPStatus.CREATED,
    response_model=PersonDetailOut,
    responses={**_CREATED, **problems(403, 404, 409, 413)},
)
async def split_person(person_id: UUID, wanted: SplitIn, writer: Writer, ctx: Ctx) -> Response:
    """These voiceprints, and the meetings in which they were learned, become a new person's."""
    voices = [VoiceprintId(voice_id) for voice_id in wanted.voice_ids]
    return await _created(ctx, writer, await people.split(ctx.units, writer, PersonId(person_id), voices, wanted.name))


async def _created(ctx: Context, who: Principal, person: Person) -> Response:
    answer = await _shown(ctx, who, person)
    answer.status_code = HTTPStatus.CREATED
    answer.headers["Location"] = f"{PREFIX}/{person.id}"
    return answer


async def _shown(ctx: Context, who: Principal, person: Person, *, if_none_match: str | None = None) -> Response:
    counts = await appearances.counts(ctx.units, who, person.id)
    body = PersonDetailOut.with_counts(person, who, counts).model_dump_json().encode()
    etag = person_etag(person, body)
    if is_known(etag, if_none_match):
        return not_modified(etag)
    return Response(body, media_type=_JSON, headers={"ETag": etag})
