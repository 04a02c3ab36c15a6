"""What a run leaves in the rows of its speakers, and what of an earlier one it keeps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import QueueSettings
from scribe.core.ids import uuid7
from scribe.core.models_db import PurgeRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.jobs import ClaimedJob
from scribe.domain.meeting import MeetingId
from scribe.domain.namings import HeardSpeaker, Naming, SegmentMove, Speaker
from scribe.domain.people import PersonId, PrintOrigin
from scribe.domain.speech import Span, SpeakerLabel, speaker_label
from scribe.domain.voices import Band, Candidate, Identification
from scribe.services.queue import Queue, requeue
from scribe.services.speaker_rows import REFUSED, TAKEN
from tests.bank import add_person, stored, tone_print
from tests.pending_meetings import add_meeting, meeting_row, stage_results

A, B, C = map(speaker_label, range(3))
EARLY, LATE = (Span(0, 10),), (Span(10, 20),)


def verdict(person: PersonId, name: str, band: Band = Band.AUTO, probability: float = 0.99) -> Identification:
    best = Candidate(str(person), name, 0.8, probability)
    return Identification(
        name=name if band is Band.AUTO else None,
        score=0.8,
        runner_up=None,
        runner_up_score=None,
        reason="matched" if band is Band.AUTO else "below-threshold",
        candidate=name,
        band=band,
        probability=probability,
        candidates=(best,),
        explanation="0.80 ≥ 0.50",
    )


NOBODY = Identification(None, None, None, None, "empty-bank", explanation="nobody to compare with")


def heard(label: SpeakerLabel, turns: Sequence[Span], identification: Identification | None = NOBODY) -> HeardSpeaker:
    return HeardSpeaker(label, tuple(turns), tone_print(1), None, tuple(turns), None, identification)


class Runs:
    """One meeting, run after run."""

    def __init__(self, units: UnitOfWorkFactory, storage: Storage, meeting_id: MeetingId) -> None:
        self.units = units
        self.storage = storage
        self.meeting_id = meeting_id
        self.queue = Queue(units, QueueSettings())

    async def claimed(self) -> ClaimedJob:
        job = await self.queue.claim("worker")
        assert job is not None
        return job

    async def publish(self, *speakers: HeardSpeaker, job: ClaimedJob | None = None) -> list[Speaker]:
        job = job or await self.claimed()
        published = replace(stage_results(self.storage, job), speakers=speakers)
        await self.queue.publish(job, self.storage, published)
        return await self.rows()

    async def again(self, *speakers: HeardSpeaker) -> list[Speaker]:
        async with self.units() as unit:
            await requeue(unit, self.meeting_id, None, 5)
        return await self.publish(*speakers)

    async def rows(self) -> list[Speaker]:
        async with self.units() as unit:
            return await unit.speakers.of_meeting(self.meeting_id)

    async def decide(self, speaker: Speaker, **decision: object) -> None:
        async with self.units() as unit:
            await unit.speakers.decide(replace(speaker, **decision))  # type: ignore[arg-type]

    async def is_written(self) -> bool:
        row = await meeting_row(self.units, self.meeting_id)
        return row.names_version == row.names_written


@pytest.fixture
async def runs(units: UnitOfWorkFactory, member: Principal, tmp_path: Path) -> Runs:
    return Runs(units, Storage(str(tmp_path / "files")), await add_meeting(units, member.user_id))


@pytest.fixture
async def ada(units: UnitOfWorkFactory, member: Principal) -> PersonId:
    return await add_person(units, member, "Ada", [tone_print(1)])


@pytest.mark.parametrize(
    ("band", "naming"),
    [(Band.AUTO, Naming.AUTO), (Band.SUGGEST, Naming.SUGGESTED), (Band.UNKNOWN, Naming.UNKNOWN)],
)
async def test_a_verdict_becomes_a_row(runs: Runs, ada: PersonId, band: Band, naming: Naming) -> None:
    (row,) = await runs.publish(heard(A, EARLY, verdict(ada, "Ada", band)))
    assert (row.naming, row.run, row.turns) == (naming, 1, EARLY)
    assert row.person_id == (None if naming is Naming.UNKNOWN else ada)
    assert [one.person_id for one in row.candidates] == [ada]
    assert (row.score, row.probability, row.explanation) == (0.8, 0.99, "0.80 ≥ 0.50")
    assert await runs.is_written()


async def test_without_a_question_there_is_no_verdict(runs: Runs) -> None:
    (row,) = await runs.publish(heard(A, EARLY, None))
    assert (row.naming, row.reason) == (Naming.UNKNOWN, None)
    assert await runs.is_written()


async def test_no_name_stands_in_a_row(runs: Runs, ada: PersonId, member: Principal) -> None:
    anne = await add_person(runs.units, member, "Anne", [tone_print(2)])
    close = verdict(ada, "Ada", Band.SUGGEST, 0.5)
    close = replace(
        close,
        candidates=(*close.candidates, Candidate(str(anne), "Anne", 0.79, 0.45)),
        reason="too-close-to-call",
        explanation="Ada and Anne too close: 0.80 and 0.79",
    )
    (row,) = await runs.publish(heard(A, EARLY, close))
    assert (row.name, row.explanation) == (None, "0.80 and 0.79")


async def test_a_confirmed_name_follows_its_speaker_into_the_next_run(
    runs: Runs, ada: PersonId, member: Principal
) -> None:
    first, _ = await runs.publish(heard(A, EARLY), heard(B, LATE))
    at = datetime(2026, 3, 1, tzinfo=UTC)
    await runs.decide(first, naming=Naming.CONFIRMED, person_id=ada, decided_by=member.user_id, decided_at=at)
    other, same = await runs.again(heard(A, LATE), heard(B, EARLY, verdict(ada, "Ada")))
    assert (same.naming, same.person_id, same.decided_by, same.decided_at) == (
        Naming.CONFIRMED,
        ada,
        member.user_id,
        at,
    )
    assert (same.run, same.reason, same.score) == (2, "matched", 0.8)  # the new verdict is evidence
    assert other.naming is Naming.UNKNOWN
    assert not await runs.is_written()


async def test_every_kind_of_decision_is_carried(runs: Runs, ada: PersonId) -> None:
    one, two, three = await runs.publish(heard(A, EARLY), heard(B, LATE), heard(C, [Span(20, 30)]))
    await runs.decide(one, naming=Naming.REJECTED, refused=frozenset({ada}))
    await runs.decide(two, naming=Naming.CONFIRMED, name="The caretaker")
    await runs.decide(three, refused=frozenset({ada}))
    rows = await runs.again(
        heard(A, EARLY, verdict(ada, "Ada")), heard(B, LATE), heard(C, [Span(21, 30)], verdict(ada, "Ada"))
    )
    assert [(row.naming, row.name, row.refused) for row in rows] == [
        (Naming.REJECTED, None, {ada}),
        (Naming.CONFIRMED, "The caretaker", frozenset()),
        (Naming.UNKNOWN, None, {ada}),
    ]
    assert rows[2].reason == REFUSED
    assert (await meeting_row(runs.units, runs.meeting_id)).recognition_asked_at is not None


async def test_a_decision_made_while_the_next_run_works_is_carried_too(runs: Runs, ada: PersonId) -> None:
    (row,) = await runs.publish(heard(A, EARLY))
    async with runs.units() as unit:
        await requeue(unit, runs.meeting_id, None, 5)
    job = await runs.claimed()
    await runs.decide(row, naming=Naming.CONFIRMED, person_id=ada)
    (row,) = await runs.publish(heard(B, EARLY), job=job)
    assert (row.label, row.naming, row.person_id) == (B, Naming.CONFIRMED, ada)


async def test_a_confirmed_person_is_not_named_again_by_a_machine(runs: Runs, ada: PersonId) -> None:
    first, _ = await runs.publish(heard(A, EARLY), heard(B, LATE))
    await runs.decide(first, naming=Naming.CONFIRMED, person_id=ada)
    _, other = await runs.again(heard(A, EARLY), heard(B, LATE, verdict(ada, "Ada")))
    assert (other.naming, other.person_id, other.reason) == (Naming.UNKNOWN, None, TAKEN)


async def test_a_speaker_nobody_follows_takes_the_decision_along(runs: Runs, ada: PersonId) -> None:
    (row,) = await runs.publish(heard(A, EARLY))
    await runs.decide(row, naming=Naming.CONFIRMED, person_id=ada)
    (row,) = await runs.again(heard(A, LATE))
    assert row.naming is Naming.UNKNOWN


async def test_a_run_that_heard_nobody_takes_no_decision_away(runs: Runs, ada: PersonId) -> None:
    (row,) = await runs.publish(heard(A, EARLY))
    await runs.decide(row, naming=Naming.CONFIRMED, person_id=ada)
    assert [kept.naming for kept in await runs.again()] == [Naming.CONFIRMED]
    assert [kept.naming for kept in await runs.again(heard(B, EARLY))] == [Naming.CONFIRMED]


async def test_learned_prints_stay_as_they_are_and_follow_the_labels(
    runs: Runs, ada: PersonId, member: Principal
) -> None:
    before = await runs.publish(heard(A, EARLY), heard(B, LATE), heard(C, [Span(20, 30)]))
    prints = [
        stored(
            ada, tone_print(at), origin=PrintOrigin.MEETING, is_learned=True, meeting_id=runs.meeting_id, label=label
        )
        for at, label in enumerate((A, B, C), start=3)
    ]
    async with runs.units() as unit:
        for print_ in prints:
            await unit.voiceprints.add(print_)
    for row, print_ in zip(before, prints, strict=True):
        await runs.decide(row, naming=Naming.CONFIRMED, person_id=ada, learned_print_id=print_.id)
    rows = await runs.again(heard(A, LATE), heard(B, EARLY))
    assert [row.learned_print_id for row in rows] == [prints[1].id, prints[0].id]
    async with runs.units() as unit:
        after = {print_.id: print_ for print_ in await unit.voiceprints.of_person(ada)}
    assert [after[print_.id].label for print_ in prints] == [B, A, None]
    for print_ in prints:
        assert after[print_.id].voiceprint.vector.tobytes() == print_.voiceprint.vector.tobytes()


async def test_moves_follow_their_speaker_and_are_not_dropped_with_one(runs: Runs, member: Principal) -> None:
    await runs.publish(heard(A, EARLY), heard(B, LATE))
    now = datetime.now(UTC)
    kept = SegmentMove(uuid7(), runs.meeting_id, Span(12, 13), B, A, member.user_id, now)
    lost = SegmentMove(uuid7(), runs.meeting_id, Span(2, 3), A, B, member.user_id, now)
    async with runs.units() as unit:
        await unit.speakers.add_move(kept)
        await unit.speakers.add_move(lost)
    await runs.again(heard(C, EARLY), heard(A, [Span(30, 40)]))
    async with runs.units() as unit:
        moves = {move.id: move for move in await unit.speakers.moves(runs.meeting_id)}
    assert moves[kept.id] == replace(kept, to_label=C, from_label=None)
    assert moves[lost.id] == replace(lost, is_lost=True)
    assert not await runs.is_written()


async def test_whoever_was_forgotten_meanwhile_is_not_stored(runs: Runs, ada: PersonId, member: Principal) -> None:
    anne = await add_person(runs.units, member, "Anne", [tone_print(2)])
    found = verdict(ada, "Ada")
    found = replace(found, candidates=(*found.candidates, Candidate(str(anne), "Anne", 0.1, 0.001)))
    async with runs.units() as unit:
        await unit.people.delete(ada)
    (row,) = await runs.publish(heard(A, EARLY, found))
    assert (row.naming, row.person_id, row.reason, row.score) == (Naming.UNKNOWN, None, None, None)
    assert [one.person_id for one in row.candidates] == [anne]
    assert not await runs.is_written()


async def test_whoever_lost_all_prints_meanwhile_is_not_named(runs: Runs, ada: PersonId) -> None:
    """Consent was withdrawn: the entry stays, the voice does not."""
    async with runs.units() as unit:
        for print_ in await unit.voiceprints.of_person(ada):
            await unit.voiceprints.delete(print_.id)
    (row,) = await runs.publish(heard(A, EARLY, verdict(ada, "Ada")))
    assert (row.naming, row.person_id, row.candidates) == (Naming.UNKNOWN, None, ())


async def test_a_person_who_was_renamed_meanwhile_is_written_again(runs: Runs, ada: PersonId) -> None:
    (row,) = await runs.publish(heard(A, EARLY, verdict(ada, "Augusta")))
    assert row.shown_name == "Ada"
    assert not await runs.is_written()


async def test_a_stranger_s_person_can_not_be_smuggled_in(runs: Runs, stranger: Principal) -> None:
    eve = await add_person(runs.units, stranger, "Eve", [tone_print(1)])
    (row,) = await runs.publish(heard(A, EARLY, verdict(eve, "Eve")))
    assert (row.naming, row.person_id, row.candidates) == (Naming.UNKNOWN, None, ())


async def test_samples_of_the_run_before_are_removed(runs: Runs) -> None:
    await runs.publish(heard(A, EARLY))
    await runs.again(heard(A, EARLY))
    async with runs.units() as unit:
        folders = list(await unit.session.scalars(select(PurgeRow.folder)))
    assert layout.speaker_samples_folder(runs.meeting_id, 1) in folders
    assert layout.speaker_samples_folder(runs.meeting_id, 2) not in folders
