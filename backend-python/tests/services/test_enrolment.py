"""Asking for somebody to be enrolled: who may, what is kept meanwhile, and how it is followed."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings, load_settings
from scribe.core.ids import uuid7
from scribe.core.voices_db import EnrolmentRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.enrolments import (
    Enrolment,
    EnrolmentId,
    EnrolmentKind,
    EnrolmentResult,
    EnrolmentStatus,
    Question,
    QuestionKind,
    TestVerdict,
)
from scribe.domain.errors import (
    ConflictError,
    ConsentError,
    ForbiddenError,
    LeaseLostError,
    NotAudioError,
    NotFoundError,
    RateLimitError,
    UploadEmptyError,
    UploadIncompleteError,
    UploadTooLargeError,
)
from scribe.domain.namings import ScoredPerson
from scribe.domain.people import PersonId
from scribe.domain.voices import Band
from scribe.services import enrolment, housekeeping
from scribe.services.enrolment import IncomingClip
from scribe.services.uploads import Desk
from tests.bank import enter

CLIP = b"RIFF\x00" + bytes(range(256)) * 40


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return load_settings(
        database_url=database_url, redis_url=redis_url, data_dir=tmp_path / "data", voices__max_clip_mb=1
    )


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
def desk(units: UnitOfWorkFactory, storage: Storage, settings: Settings) -> Desk:
    return Desk(units, storage, None, settings)


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def clip(content: bytes = CLIP, length_bytes: int | None = None, file_name: str | None = None) -> IncomingClip:
    return IncomingClip(chunks(content), length_bytes, file_name)


async def asked(desk: Desk, who: Principal, kind: EnrolmentKind = EnrolmentKind.ENROL) -> Enrolment:
    """For a new person of ``who``, who consented."""
    person = None if kind is EnrolmentKind.TEST else await enter(desk.units, who, "Claire Martin")
    return await enrolment.receive(desk, who, clip(), person_id=person and person.id, kind=kind)


async def num_rows(units: UnitOfWorkFactory) -> int:
    async with units() as unit:
        return await unit.session.scalar(select(func.count()).select_from(EnrolmentRow)) or 0


async def set_row(units: UnitOfWorkFactory, enrolment_id: EnrolmentId, **values: object) -> None:
    async with units() as unit:
        await unit.session.execute(update(EnrolmentRow).where(EnrolmentRow.id == enrolment_id).values(**values))


async def question(units: UnitOfWorkFactory, enrolment_id: EnrolmentId, result: EnrolmentResult | None = None) -> None:
    async with units() as unit:
        await unit.enrolments.end(enrolment_id, EnrolmentStatus.QUESTIONED, result or EnrolmentResult())


# --- asking ---------------------------------------------------------------------------------------------------------


async def test_a_clip_waits_under_its_own_key_with_what_is_known_of_it(desk: Desk, member: Principal) -> None:
    person = await enter(desk.units, member, "Claire Martin")
    said = clip(len(CLIP) and CLIP, len(CLIP), r"C:\Users\claire\voix é.m4a")
    made = await enrolment.receive(desk, member, said, person_id=person.id)
    assert (made.status, made.kind, made.person_id) == (EnrolmentStatus.PENDING, EnrolmentKind.ENROL, person.id)
    assert (made.owner_id, made.file_name, made.is_forced) == (member.user_id, "voix é.m4a", False)
    assert made.source_key == layout.clip_key(made.id)
    assert desk.storage.read(made.source_key) == CLIP


async def test_a_clip_is_readable_by_our_own_account_only(desk: Desk, member: Principal) -> None:
    made = await asked(desk, member)
    path = desk.storage.local_path(made.source_key)
    assert path is not None
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("is_shared", [False, True])
async def test_nobody_enrols_a_voice_for_a_person_of_somebody_else(
    desk: Desk, member: Principal, stranger: Principal, *, is_shared: bool
) -> None:
    person = await enter(desk.units, stranger, "Anne", is_shared=is_shared)
    with pytest.raises(ForbiddenError if is_shared else NotFoundError):
        await enrolment.receive(desk, member, clip(), person_id=person.id)
    assert await num_rows(desk.units) == 0
    assert not desk.storage.keys("voices")


async def test_who_is_not_there_and_who_is_not_yours_are_refused_in_the_same_words(
    desk: Desk, member: Principal, stranger: Principal
) -> None:
    hidden = await enter(desk.units, stranger, "Anne")
    refusals = []
    for person_id in (hidden.id, PersonId(uuid7())):
        with pytest.raises(NotFoundError) as caught:
            await enrolment.receive(desk, member, clip(), person_id=person_id)
        refusals.append(str(caught.value))
    assert refusals[0] == refusals[1]


async def test_nobody_is_enrolled_without_consent(desk: Desk, member: Principal) -> None:
    person = await enter(desk.units, member, "Claire", has_consent=False)
    with pytest.raises(ConsentError):
        await enrolment.receive(desk, member, clip(), person_id=person.id)
    assert not desk.storage.keys("voices")


async def test_consent_is_not_asked_for_where_the_installation_does_not_require_it(
    desk: Desk, member: Principal
) -> None:
    person = await enter(desk.units, member, "Claire", has_consent=False)
    lax = desk.settings.model_copy(
        update={"voices": desk.settings.voices.model_copy(update={"require_consent": False})}
    )
    made = await enrolment.receive(Desk(desk.units, desk.storage, None, lax), member, clip(), person_id=person.id)
    assert made.status is EnrolmentStatus.PENDING


async def test_a_test_is_about_nobody_and_needs_no_right_to_anybody(desk: Desk, member: Principal) -> None:
    made = await asked(desk, member, EnrolmentKind.TEST)
    assert (made.person_id, made.origin) == (None, None)


@pytest.mark.parametrize(
    ("content", "length_bytes", "error"),
    [
        (b"", None, UploadEmptyError),
        (b"", 0, UploadEmptyError),
        (b"Dear diary, today I said nothing.\n" * 20, None, NotAudioError),
        (b"\x00" * (1 << 20) + b"\x01", None, UploadTooLargeError),
        (CLIP, (1 << 20) + 1, UploadTooLargeError),
        (CLIP, len(CLIP) + 1, UploadIncompleteError),
    ],
)
async def test_what_cannot_be_a_clip_leaves_nothing(
    desk: Desk, member: Principal, content: bytes, length_bytes: int | None, error: type[Exception]
) -> None:
    person = await enter(desk.units, member, "Claire")
    with pytest.raises(error):
        await enrolment.receive(desk, member, clip(content, length_bytes), person_id=person.id)
    assert await num_rows(desk.units) == 0
    assert not desk.storage.keys("voices")


async def test_a_clip_is_not_read_before_it_is_known_that_its_sender_may(
    desk: Desk, member: Principal, stranger: Principal
) -> None:
    person = await enter(desk.units, stranger, "Anne")
    reads = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal reads
        reads += 1
        yield CLIP

    with pytest.raises(NotFoundError):
        await enrolment.receive(desk, member, IncomingClip(body()), person_id=person.id)
    assert reads == 0


async def test_consent_that_is_withdrawn_while_the_clip_is_sent_counts(desk: Desk, member: Principal) -> None:
    person = await enter(desk.units, member, "Claire")

    async def body() -> AsyncIterator[bytes]:
        yield CLIP
        async with desk.units() as unit:
            (given,) = await unit.people.consents(person.id)
            await unit.people.withdraw_consent(given.id)

    with pytest.raises(ConsentError):
        await enrolment.receive(desk, member, IncomingClip(body()), person_id=person.id)
    assert await num_rows(desk.units) == 0
    assert not desk.storage.keys("voices")


async def test_clips_have_a_rate(desk: Desk, member: Principal) -> None:
    strict = desk.settings.model_copy(update={"api": desk.settings.api.model_copy(update={"uploads_per_hour": 1})})
    once = Desk(desk.units, desk.storage, None, strict)
    await enrolment.receive(once, member, clip(), kind=EnrolmentKind.TEST)
    with pytest.raises(RateLimitError):
        await enrolment.receive(once, member, clip(), kind=EnrolmentKind.TEST)


# --- following ------------------------------------------------------------------------------------------------------


async def test_an_enrolment_is_seen_by_who_asked_and_by_administrators(
    desk: Desk, member: Principal, stranger: Principal, administrator: Principal
) -> None:
    made = await asked(desk, member)
    assert await enrolment.read(desk.units, member, made.id) == made
    assert await enrolment.read(desk.units, administrator, made.id) == made
    for act in (
        enrolment.read(desk.units, stranger, made.id),
        enrolment.wait(desk.units, stranger, made.id, 5),
        enrolment.confirm(desk, stranger, made.id),
        enrolment.discard(desk.units, stranger, made.id),
    ):
        with pytest.raises(NotFoundError):
            await act
    assert await num_rows(desk.units) == 1


@pytest.mark.parametrize("status", [EnrolmentStatus.DONE, EnrolmentStatus.QUESTIONED, EnrolmentStatus.REFUSED])
async def test_who_waits_hears_of_the_end_at_once(desk: Desk, member: Principal, status: EnrolmentStatus) -> None:
    made = await asked(desk, member)
    waiting = asyncio.create_task(enrolment.wait(desk.units, member, made.id, 30))
    async with desk.units() as unit:
        await unit.enrolments.end(made.id, status, EnrolmentResult())
    ended_s = time.monotonic()
    found = await waiting
    assert found.status is status
    assert time.monotonic() - ended_s < 1


async def test_who_waits_is_answered_when_the_time_is_over(desk: Desk, member: Principal) -> None:
    made = await asked(desk, member)
    begun_s = time.monotonic()
    found = await enrolment.wait(desk.units, member, made.id, 0.3)
    assert found.status is EnrolmentStatus.PENDING
    assert 0.29 < time.monotonic() - begun_s < 2


async def test_who_waits_for_what_is_discarded_is_told(desk: Desk, member: Principal) -> None:
    made = await asked(desk, member)
    waiting = asyncio.create_task(enrolment.wait(desk.units, member, made.id, 30))
    await enrolment.discard(desk.units, member, made.id)
    with pytest.raises(NotFoundError):
        await waiting


# --- deciding -------------------------------------------------------------------------------------------------------


async def test_a_questioned_voice_is_measured_again_when_confirmed_and_nobody_asks_again(
    desk: Desk, member: Principal
) -> None:
    made = await asked(desk, member)
    async with desk.units() as unit:
        await unit.enrolments.claim(60)
    await question(desk.units, made.id)
    confirmed = await enrolment.confirm(desk, member, made.id)
    assert (confirmed.status, confirmed.is_forced, confirmed.attempt) == (EnrolmentStatus.PENDING, True, 0)
    assert confirmed.result == EnrolmentResult()
    async with desk.units() as unit:
        claimed = await unit.enrolments.claim(60)
    assert claimed is not None
    assert claimed.enrolment.is_forced


@pytest.mark.parametrize(
    "status", [EnrolmentStatus.PENDING, EnrolmentStatus.DONE, EnrolmentStatus.REFUSED, EnrolmentStatus.FAILED]
)
async def test_nothing_is_confirmed_that_was_not_asked(desk: Desk, member: Principal, status: EnrolmentStatus) -> None:
    made = await asked(desk, member)
    await set_row(desk.units, made.id, status=str(status))
    with pytest.raises(ConflictError):
        await enrolment.confirm(desk, member, made.id)


async def test_confirming_needs_consent_as_much_as_asking(desk: Desk, member: Principal) -> None:
    made = await asked(desk, member)
    await question(desk.units, made.id)
    assert made.person_id is not None
    async with desk.units() as unit:
        (given,) = await unit.people.consents(made.person_id)
        await unit.people.withdraw_consent(given.id)
    with pytest.raises(ConsentError):
        await enrolment.confirm(desk, member, made.id)


async def test_discarding_leaves_neither_task_nor_clip_and_the_worker_finds_its_lease_gone(
    desk: Desk, member: Principal
) -> None:
    made = await asked(desk, member)
    async with desk.units() as unit:
        task = await unit.enrolments.claim(60)
    assert task is not None
    await enrolment.discard(desk.units, member, made.id)
    await housekeeping.purge(desk.units, desk.storage)
    assert not desk.storage.keys("voices")
    assert await num_rows(desk.units) == 0
    with pytest.raises(LeaseLostError):
        async with desk.units() as unit:
            await unit.enrolments.renew(task, 60)


async def test_a_question_nobody_answers_for_a_week_goes_with_its_clip(desk: Desk, member: Principal) -> None:
    old, new = await asked(desk, member), await asked(desk, member)
    for one in (old, new):
        await question(desk.units, one.id)
    await set_row(desk.units, old.id, finished_at=func.now() - timedelta(days=7, minutes=1))
    assert await enrolment.expire(desk.units) == 1
    await housekeeping.purge(desk.units, desk.storage)
    assert desk.storage.keys("voices") == [new.source_key]
    with pytest.raises(NotFoundError):
        await enrolment.read(desk.units, member, old.id)


async def test_verdicts_of_tests_are_kept_for_an_hour_and_other_ends_for_a_week(desk: Desk, member: Principal) -> None:
    tested, enrolled = await asked(desk, member, EnrolmentKind.TEST), await asked(desk, member)
    for one in (tested, enrolled):
        await set_row(desk.units, one.id, status="DONE", finished_at=func.now() - timedelta(minutes=61))
    assert await enrolment.expire(desk.units) == 1
    assert (await enrolment.read(desk.units, member, enrolled.id)).status is EnrolmentStatus.DONE
    with pytest.raises(NotFoundError):
        await enrolment.read(desk.units, member, tested.id)


async def test_nothing_that_waits_or_runs_expires(desk: Desk, member: Principal) -> None:
    made = await asked(desk, member)
    await set_row(desk.units, made.id, created_at=func.now() - timedelta(days=365))
    assert await enrolment.expire(desk.units) == 0


# --- forgetting -----------------------------------------------------------------------------------------------------


async def test_who_is_forgotten_is_in_no_task_of_theirs_and_in_no_answer_to_others(
    desk: Desk, member: Principal
) -> None:
    theirs = await asked(desk, member)
    other, tested = await asked(desk, member), await asked(desk, member, EnrolmentKind.TEST)
    assert theirs.person_id is not None
    assert other.person_id is not None
    asked_about = Question(QuestionKind.SOUNDS_LIKE, theirs.person_id, 0.8, 0.9)
    await question(desk.units, other.id, EnrolmentResult(questions=(asked_about,)))
    both = tuple(ScoredPerson(person_id, 0.8, 0.4) for person_id in (theirs.person_id, other.person_id))
    async with desk.units() as unit:
        verdict = TestVerdict(Band.SUGGEST, "matched", "", both)
        await unit.enrolments.end(tested.id, EnrolmentStatus.DONE, EnrolmentResult(verdict=verdict))
    async with desk.units() as unit:
        folders = await unit.enrolments.forget_person(theirs.person_id)
    assert folders == [layout.clip_folder(theirs.id)]
    async with desk.units() as unit:
        everything = str([row.result for row in await unit.session.scalars(select(EnrolmentRow))])
    assert str(theirs.person_id) not in everything
    assert str(other.person_id) in everything
    (kept,) = (await enrolment.read(desk.units, member, other.id)).result.questions
    assert kept.person_id is None
    with pytest.raises(NotFoundError):
        await enrolment.read(desk.units, member, theirs.id)
