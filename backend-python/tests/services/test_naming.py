"""Naming speakers: who may, what it teaches the bank, and that every way back leads exactly back."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.core.models_db import MeetingRow, UserRow
from scribe.core.voices_db import ConsentRow, PersonRow, SpeakerRow, VoiceprintRow
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import ConsentError, ForbiddenError, NotFoundError, NotReadyError, OptionError, ResourceError
from scribe.domain.events import EventKind
from scribe.domain.meetings import Meeting
from scribe.domain.namings import Naming, ScoredPerson, Speaker
from scribe.domain.people import Person, PersonId
from scribe.domain.voice_quality import VoiceQuality
from scribe.services import housekeeping
from scribe.services.naming import (
    Automatic,
    Decision,
    FreeName,
    NotKnown,
    SpeakerView,
    ToPerson,
    move,
    name,
    speakers,
    undo_move,
)
from tests.bank import MODEL, enter, teach, voice
from tests.databases import Databases
from tests.named_meetings import completed, copy_of, heard, label, now
from tests.pending_meetings import add_meeting, change_row, told

SETTINGS = VoicesSettings()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
async def meeting(units: UnitOfWorkFactory, storage: Storage, member: Principal) -> Meeting:
    """``member``'s: two voices that were measured, and one that was not."""
    return await completed(units, storage, member.user_id, {0: voice(1), 1: voice(2)})


@pytest.fixture
async def claire(units: UnitOfWorkFactory, member: Principal) -> Person:
    return await enter(units, member, "Claire")


@dataclass
class Namer:
    """Shorthand for one storage and one bank."""

    units: UnitOfWorkFactory
    storage: Storage
    settings: VoicesSettings = field(default_factory=VoicesSettings)

    async def __call__(
        self, who: Principal, meeting: Meeting, number: int, decision: Decision, *, remember: bool | None = None
    ) -> SpeakerView:
        return await name(
            self.units, self.storage, self.settings, who, meeting.id, label(number), decision, remember=remember
        )

    async def row(self, meeting: Meeting, number: int) -> Speaker:
        async with self.units() as unit:
            found = await unit.speakers.get(meeting.id, label(number))
        assert found is not None
        return found

    async def learned(self, person: Person) -> list[tuple[str | None, bytes]]:
        async with self.units() as unit:
            prints = await unit.voiceprints.of_person(person.id)
        return [(one.label, one.voiceprint.vector.tobytes()) for one in prints if one.is_learned]


@pytest.fixture
def naming(units: UnitOfWorkFactory, storage: Storage) -> Namer:
    return Namer(units, storage)


# --- what a decision does ---------------------------------------------------------------------------------------------


async def test_a_confirmed_person_names_the_speaker_and_is_taught_one_print_with_its_sample(
    naming: Namer, storage: Storage, member: Principal, meeting: Meeting, claire: Person
) -> None:
    view = await naming(member, meeting, 0, ToPerson(claire.id))
    assert (view.naming, view.name, view.is_learned, view.not_learned) == (Naming.CONFIRMED, "Claire", True, None)
    assert view.person is not None
    assert (view.person.id, view.decided_by) == (claire.id, member.user_id)
    assert await naming.learned(claire) == [("SPEAKER_00", voice(1).vector.tobytes())]
    async with naming.units() as unit:
        [stored] = await unit.voiceprints.of_person(claire.id)
    assert (stored.meeting_id, stored.confirmed_by, str(stored.origin)) == (meeting.id, member.user_id, "meeting")
    assert stored.sample_key == layout.print_sample_key(claire.id, stored.id)
    assert storage.read(stored.sample_key) == f"{meeting.id} 0".encode()


async def test_every_change_raises_both_versions_and_is_told_without_a_name(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person
) -> None:
    await naming(member, meeting, 0, ToPerson(claire.id))
    await naming(member, meeting, 1, FreeName("Monsieur  Petit"))
    after = await now(naming.units, meeting.id)
    assert (after.names_version, after.version) == (meeting.names_version + 2, meeting.version + 2)
    payloads = await told(naming.units, meeting.id, EventKind.SPEAKERS)
    assert payloads == [
        {"names_version": meeting.names_version + 1, "labels": ["SPEAKER_00"]},
        {"names_version": meeting.names_version + 2, "labels": ["SPEAKER_01"]},
    ]


@pytest.mark.parametrize("remember", [None, True, False])
async def test_the_same_decision_twice_is_one(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person, remember: bool | None
) -> None:
    for decision in (ToPerson(claire.id), FreeName("Marc Petit"), NotKnown(), Automatic()):
        first = await naming(member, meeting, 0, decision, remember=remember)
        before, prints = await now(naming.units, meeting.id), await naming.learned(claire)
        again = await naming(member, meeting, 0, decision, remember=remember)
        assert again == first
        assert (await now(naming.units, meeting.id), await naming.learned(claire)) == (before, prints)


async def test_a_correction_takes_exactly_one_print_away_and_its_sample(
    naming: Namer, storage: Storage, member: Principal, meeting: Meeting, claire: Person
) -> None:
    anne = await enter(naming.units, member, "Anne")
    await naming(member, meeting, 0, ToPerson(claire.id))
    await naming(member, meeting, 1, ToPerson(claire.id))  # two voices of one person: a human may say so
    assert len(await naming.learned(claire)) == 2
    await naming(member, meeting, 0, ToPerson(anne.id))
    assert await naming.learned(claire) == [("SPEAKER_01", voice(2).vector.tobytes())]
    assert await naming.learned(anne) == [("SPEAKER_00", voice(1).vector.tobytes())]
    await naming(member, meeting, 0, NotKnown())
    assert await naming.learned(anne) == []
    await housekeeping.purge(naming.units, storage)
    assert len(storage.keys(layout.person_folder(claire.id))) == 1
    assert storage.keys(layout.person_folder(anne.id)) == []


async def test_a_free_name_is_clean_text_and_teaches_nobody(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person
) -> None:
    await naming(member, meeting, 0, ToPerson(claire.id))
    view = await naming(member, meeting, 0, FreeName("  Marc \t Petit "))
    assert (view.name, view.person, view.naming, view.is_learned) == ("Marc Petit", None, Naming.CONFIRMED, False)
    assert await naming.learned(claire) == []
    for unfit in ("", " ", "SPEAKER_03", "a\u202eb", "x" * 101):
        with pytest.raises(OptionError):
            await naming(member, meeting, 0, FreeName(unfit))
    assert (await naming.row(meeting, 0)).name == "Marc Petit"


async def test_who_is_rejected_stays_refused_until_confirmed(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person
) -> None:
    async with naming.units() as unit:
        suggested = replace(heard(meeting.id, 0, voice(1)), naming=Naming.SUGGESTED, person_id=claire.id)
        await unit.speakers.decide(suggested)
    view = await naming(member, meeting, 0, NotKnown())
    assert (view.naming, view.name, view.suggestion) == (Naming.REJECTED, None, None)
    assert (await naming.row(meeting, 0)).refused == {claire.id}
    await naming(member, meeting, 0, Automatic())
    row = await naming.row(meeting, 0)
    assert (row.naming, row.refused, row.decided_by) == (Naming.UNKNOWN, {claire.id}, None)
    await naming(member, meeting, 0, ToPerson(claire.id))
    assert (await naming.row(meeting, 0)).refused == frozenset()


async def test_a_decision_has_the_others_recognised_again(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person
) -> None:
    async def asked() -> bool:
        async with naming.units() as unit:
            wanting = await unit.speakers.wanting_recognition(10)
            await unit.speakers.recognition_done(meeting.id)
        return wanting == [meeting.id]

    assert not await asked()
    for decision in (ToPerson(claire.id), FreeName("Marc"), NotKnown(), Automatic()):
        await naming(member, meeting, 0, decision)
        assert await asked(), decision
    await naming(member, meeting, 0, Automatic())  # nothing to take back
    assert not await asked()


# --- who may ----------------------------------------------------------------------------------------------------------


async def test_a_meeting_of_somebody_else_is_not_there(
    naming: Namer, stranger: Principal, meeting: Meeting, claire: Person
) -> None:
    for call in (
        naming(stranger, meeting, 0, FreeName("Marc")),
        speakers(naming.units, stranger, meeting.id),
        move(naming.units, stranger, meeting.id, 0.0, 1.0, label(1)),
        undo_move(naming.units, stranger, meeting.id, uuid4()),
    ):
        with pytest.raises(NotFoundError):
            await call


async def test_a_person_one_may_not_read_and_one_who_is_not_there_are_alike(
    naming: Namer, member: Principal, stranger: Principal, meeting: Meeting
) -> None:
    hidden = await enter(naming.units, stranger, "Secret")
    answers = []
    for person_id in (hidden.id, PersonId(uuid7())):
        with pytest.raises(NotFoundError) as refused:
            await naming(member, meeting, 0, ToPerson(person_id))
        answers.append(str(refused.value))
    assert answers[0] == answers[1]
    assert (await now(naming.units, meeting.id)).names_version == meeting.names_version


async def test_another_readers_confirmation_names_the_meeting_only(
    naming: Namer, member: Principal, stranger: Principal, meeting: Meeting, administrator: Principal
) -> None:
    shared = await enter(naming.units, stranger, "Dana", is_shared=True)
    view = await naming(member, meeting, 0, ToPerson(shared.id))
    assert (view.name, view.is_learned) == ("Dana", False)
    assert view.not_learned is not None
    assert view.not_learned.code == "not-yours"
    assert await naming.learned(shared) == []
    with pytest.raises(ForbiddenError):
        await naming(member, meeting, 1, ToPerson(shared.id), remember=True)
    assert (await naming(administrator, meeting, 0, ToPerson(shared.id))).is_learned
    assert (await naming(member, meeting, 0, ToPerson(shared.id))).is_learned  # says the same: takes nothing back
    assert not (await naming(member, meeting, 0, FreeName("Dana"))).is_learned
    assert await naming.learned(shared) == []


async def test_nobody_is_taught_without_consent(naming: Namer, member: Principal, meeting: Meeting) -> None:
    silent = await enter(naming.units, member, "Silent", has_consent=False)
    with pytest.raises(ConsentError):
        await naming(member, meeting, 0, ToPerson(silent.id), remember=True)
    assert (await naming.row(meeting, 0)).naming is Naming.UNKNOWN
    view = await naming(member, meeting, 0, ToPerson(silent.id))
    assert (view.name, view.is_learned, view.not_learned and view.not_learned.code) == ("Silent", False, "no-consent")
    lenient = Namer(naming.units, naming.storage, VoicesSettings(require_consent=False))
    assert (await lenient(member, meeting, 0, ToPerson(silent.id), remember=True)).is_learned


@pytest.mark.parametrize(
    ("quality", "code"),
    [(VoiceQuality(1.0), "too-short"), (VoiceQuality(20.0, num_voices=2), "several-voices"), (None, "no-voiceprint")],
)
async def test_a_voice_that_is_not_clean_names_but_teaches_nothing(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person, quality: VoiceQuality | None, code: str
) -> None:
    async with naming.units() as unit:
        poor = heard(meeting.id, 0, None if quality is None else voice(1), quality=quality)
        await unit.speakers.replace(meeting.id, 1, [poor])
    view = await naming(member, meeting, 0, ToPerson(claire.id), remember=True)
    assert (view.name, view.is_learned, view.not_learned and view.not_learned.code) == ("Claire", False, code)
    assert await naming.learned(claire) == []


async def test_what_is_not_to_be_remembered_is_not_or_not_any_more(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person
) -> None:
    await naming(member, meeting, 0, ToPerson(claire.id))
    view = await naming(member, meeting, 0, ToPerson(claire.id), remember=False)
    assert (view.name, view.is_learned, view.not_learned and view.not_learned.code) == ("Claire", False, "not-asked")
    assert await naming.learned(claire) == []


async def test_a_meeting_without_results_has_no_speakers_yet(
    naming: Namer, member: Principal, meeting: Meeting
) -> None:
    waiting = await now(naming.units, await add_meeting(naming.units, member.user_id))
    with pytest.raises(NotReadyError):
        await speakers(naming.units, member, waiting.id)
    with pytest.raises(NotReadyError):
        await naming(member, waiting, 0, FreeName("Marc"))
    with pytest.raises(NotFoundError):
        await naming(member, meeting, 9, FreeName("Marc"))


async def test_a_sample_that_cannot_be_kept_leaves_everything_as_it_was(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person, storage: Storage
) -> None:
    class NoRoom(Storage):
        def write(self, key: str, content: bytes, *, private: bool = False) -> None:
            raise ResourceError("There is no room.")

    broken = Namer(naming.units, NoRoom(str(storage.local_path("x") or "").removesuffix("/x")))
    with pytest.raises(ResourceError):
        await broken(member, meeting, 0, ToPerson(claire.id))
    assert await naming.learned(claire) == []
    assert (await naming.row(meeting, 0)).naming is Naming.UNKNOWN


# --- what a reader sees -----------------------------------------------------------------------------------------------


async def test_a_person_who_is_not_shared_any_more_is_text_for_the_meetings_owner(
    naming: Namer, member: Principal, administrator: Principal, stranger: Principal, meeting: Meeting
) -> None:
    dana = await enter(naming.units, stranger, "Dana", is_shared=True)
    eve = await enter(naming.units, stranger, "Eve", is_shared=True)
    async with naming.units() as unit:
        found = replace(heard(meeting.id, 0, voice(1)), naming=Naming.AUTO, person_id=dana.id, score=0.8)
        await unit.speakers.decide(replace(found, probability=0.99, candidates=(ScoredPerson(eve.id, 0.5, 0.01),)))
        offered = replace(heard(meeting.id, 1, voice(2)), naming=Naming.SUGGESTED, person_id=eve.id, score=0.6)
        await unit.speakers.decide(offered)
    first, second, _ = await speakers(naming.units, member, meeting.id)
    assert first.person is not None
    assert [candidate.name for candidate in first.candidates] == ["Eve"]
    assert second.suggestion is not None
    async with naming.units() as unit:
        await unit.session.execute(update(PersonRow).values(is_shared=False))
    first, second, _ = await speakers(naming.units, member, meeting.id)
    assert (first.name, first.person, first.candidates, first.score, first.probability) == (
        "Dana",
        None,
        (),
        None,
        None,
    )
    assert (second.naming, second.suggestion, second.score) == (Naming.UNKNOWN, None, None)
    for_root = await speakers(naming.units, administrator, meeting.id)
    assert for_root[0].person is not None


# --- moves ------------------------------------------------------------------------------------------------------------


async def test_a_move_is_kept_told_and_taken_back_and_never_touches_the_bank(
    naming: Namer, member: Principal, meeting: Meeting, claire: Person
) -> None:
    await naming(member, meeting, 0, ToPerson(claire.id))
    prints = await naming.learned(claire)
    first = await move(naming.units, member, meeting.id, 1.0, 5.0, label(1))
    assert (first.from_label, first.to_label) == (label(0), label(1))
    assert await move(naming.units, member, meeting.id, 1.0, 5.0, label(1)) == first
    second = await move(naming.units, member, meeting.id, 1.0, 5.0, label(2))
    assert second.from_label is None  # it is not SPEAKER_00's any more
    assert await move(naming.units, member, meeting.id, 1.0, 5.0, label(1)) not in (first, second)
    version = (await now(naming.units, meeting.id)).names_version
    await undo_move(naming.units, member, meeting.id, first.id)
    assert (await now(naming.units, meeting.id)).names_version == version + 1
    with pytest.raises(NotFoundError):
        await undo_move(naming.units, member, meeting.id, first.id)
    assert await naming.learned(claire) == prints
    assert (await told(naming.units, meeting.id, EventKind.SPEAKERS))[-1]["labels"] == ["SPEAKER_00", "SPEAKER_01"]


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(2.0, 2.0), (3.0, 2.0), (-1.0, 2.0), (float("nan"), 2.0), (0.0, float("inf"))]
)
async def test_a_stretch_that_is_none_is_refused(
    naming: Namer, member: Principal, meeting: Meeting, start_s: float, end_s: float
) -> None:
    with pytest.raises(OptionError):
        await move(naming.units, member, meeting.id, start_s, end_s, label(1))


async def test_nothing_is_given_to_a_speaker_whom_nobody_heard(
    naming: Namer, member: Principal, meeting: Meeting
) -> None:
    with pytest.raises(NotFoundError):
        await move(naming.units, member, meeting.id, 0.0, 1.0, label(7))
    with pytest.raises(NotFoundError):
        await move(naming.units, member, meeting.id, 0.0, 1.0, label(1), from_label=label(7))


# --- un-learning is exact ---------------------------------------------------------------------------------------------


@pytest.fixture
async def untouched(databases: Databases) -> AsyncIterator[UnitOfWorkFactory]:
    """A second, fresh database."""
    url = await databases.lend()
    engine: AsyncEngine = build_engine(url)
    yield UnitOfWorkFactory(engine)
    await engine.dispose()
    await databases.take_back(url)


Standing = dict[tuple[int, int], PersonId]
"""By meeting and speaker, whom the bank has learned the voice of."""


@dataclass
class History:
    """Random people saying who random speakers are, and what of it stands."""

    naming: Namer
    dice: random.Random
    users: list[Principal]
    meetings: list[Meeting]
    people: list[Person]
    poor: set[tuple[int, int]]
    named: dict[tuple[int, int], PersonId | None] = field(default_factory=dict)
    standing: Standing = field(default_factory=dict)

    async def step(self) -> None:
        where = self.dice.randrange(len(self.meetings)), self.dice.randrange(3)
        who = self.dice.choice([user for user in self.users if self._may_write(user, self.meetings[where[0]])])
        people = [one for one in self.people if one.is_shared or who.is_admin or one.owner_id == who.user_id]
        person = self.dice.choice(people)
        remember = self.dice.choice([None, None, True, False])
        decision: Decision = self.dice.choice(
            [ToPerson(person.id)] * 6 + [FreeName("Marc Petit"), NotKnown(), Automatic()]
        )
        may_teach = who.is_admin or person.owner_id == who.user_id
        expected_error = self._expect(where, person, may_teach, decision, remember)
        call = self.naming(who, self.meetings[where[0]], where[1], decision, remember=remember)
        if expected_error is None:
            view = await call
            assert view.is_learned == (where in self.standing)
        else:
            with pytest.raises(expected_error):
                await call

    def _expect(
        self, where: tuple[int, int], person: Person, may_teach: bool, decision: Decision, remember: bool | None
    ) -> type[Exception] | None:
        """Says in its own words what must stand afterwards."""
        if not isinstance(decision, ToPerson):
            is_human = self.named.get(where, ...) is not ...
            if not isinstance(decision, Automatic) or is_human:
                self.standing.pop(where, None)
            self.named[where] = None
            return None
        is_standing = self.standing.get(where) == person.id
        if remember and not is_standing and not may_teach:
            return ForbiddenError
        if remember and not is_standing and not person.has_consent:
            return ConsentError
        if remember is False:
            self.standing.pop(where, None)
        elif not is_standing:
            self.standing.pop(where, None)
            if may_teach and person.has_consent and where not in self.poor:
                self.standing[where] = person.id
        self.named[where] = person.id
        return None

    @staticmethod
    def _may_write(user: Principal, meeting: Meeting) -> bool:
        return user.is_admin or meeting.owner_id == user.user_id


async def profiles(units: UnitOfWorkFactory, owners: list[Principal]) -> list[object]:
    """All that a bank says, to the last bit."""
    banks = []
    async with units() as unit:
        for owner in owners:
            bank = await unit.voiceprints.bank_for(owner.user_id, MODEL, None, require_consent=True)
            banks.append(
                [
                    (one.person, [(p.vector.tobytes(), p.speech_s, p.model) for p in one.voiceprints])
                    for one in bank.profiles
                ]
            )
    return banks


async def copy_bank(source: UnitOfWorkFactory, target: UnitOfWorkFactory) -> None:
    """Users, people, consents and what was enrolled on purpose."""
    for table in (UserRow, PersonRow, ConsentRow, VoiceprintRow):
        query = select(table.__table__)
        if table is VoiceprintRow:
            query = query.where(VoiceprintRow.is_learned.is_(False))
        async with source() as unit:
            rows = [dict(row._mapping) for row in await unit.session.execute(query)]
        async with target() as unit:
            if rows:
                await unit.session.execute(insert(table.__table__), rows)


@pytest.mark.parametrize("seed", range(4))
async def test_the_bank_is_at_any_time_what_the_standing_confirmations_alone_would_make_it(
    units: UnitOfWorkFactory, untouched: UnitOfWorkFactory, storage: Storage, tmp_path: Path,
    member: Principal, stranger: Principal, administrator: Principal, seed: int,
) -> None:  # fmt: skip
    dice = random.Random(seed)  # noqa: S311 -- a history that can be told again
    people = [
        await enter(units, member, "Claire"),
        await enter(units, member, "Anne", has_consent=False),
        await enter(units, stranger, "Dana", is_shared=True),
        await enter(units, administrator, "Root", is_shared=seed % 2 == 0),
    ]
    await teach(units, people[0], 101, 102)
    await teach(units, people[2], 103)
    meetings = [
        await completed(units, storage, owner.user_id, {n: voice(10 * place + n) for n in range(3)})
        for place, owner in enumerate((member, member, stranger))
    ]
    async with units() as unit:
        await unit.speakers.replace(
            meetings[1].id, 1, [heard(meetings[1].id, 0, voice(77), quality=VoiceQuality(1.5))]
            + [heard(meetings[1].id, n, voice(10 + n)) for n in (1, 2)],
        )  # fmt: skip
    await copy_bank(units, untouched)
    for meeting in meetings:
        await copy_of(untouched, meeting)
    users = [member, stranger, administrator]
    history = History(Namer(units, storage), dice, users, meetings, people, {(1, 0)})
    for _ in range(4):
        for _ in range(12):
            await history.step()
        fresh = await from_scratch(history, untouched, Storage(str(tmp_path / "fresh")))
        assert await profiles(units, users) == await profiles(fresh, users)
        assert history.standing or seed
        await assert_samples_are_those_of_the_rows(units, storage, people)


async def from_scratch(history: History, untouched: UnitOfWorkFactory, storage: Storage) -> UnitOfWorkFactory:
    """A bank in which only what stands was ever confirmed, in any order."""
    async with untouched() as unit:
        await unit.session.execute(delete(VoiceprintRow).where(VoiceprintRow.is_learned))
        await unit.session.execute(delete(SpeakerRow))
    for meeting in history.meetings:
        async with history.naming.units() as unit:
            rows = await unit.speakers.of_meeting(meeting.id)
        async with untouched() as unit:
            clean = [replace(row, naming=Naming.UNKNOWN, person_id=None, person_name=None, name=None,
                             learned_print_id=None, refused=frozenset()) for row in rows]  # fmt: skip
            await unit.speakers.replace(meeting.id, 1, clean)
    confirmations = list(history.standing.items())
    history.dice.shuffle(confirmations)
    root = next(user for user in history.users if user.is_admin)
    for (place, number), person_id in confirmations:
        namer = Namer(untouched, storage)
        assert (await namer(root, history.meetings[place], number, ToPerson(person_id), remember=True)).is_learned
    return untouched


async def assert_samples_are_those_of_the_rows(
    units: UnitOfWorkFactory, storage: Storage, people: list[Person]
) -> None:
    await housekeeping.purge(units, storage)
    async with units() as unit:
        prints = await unit.voiceprints.of_people([person.id for person in people])
        links = set(await unit.session.scalars(select(SpeakerRow.learned_print_id)))
    assert storage.keys("voices") == sorted(one.sample_key for one in prints if one.sample_key)
    assert {one.id for one in prints if one.is_learned} == links - {None}


async def test_two_who_name_the_same_speaker_at_once_leave_one_print(
    naming: Namer, member: Principal, administrator: Principal, meeting: Meeting, claire: Person
) -> None:
    anne = await enter(naming.units, member, "Anne")
    pick: Callable[[int], Person] = lambda turn: (claire, anne)[turn % 2]  # noqa: E731
    await asyncio.gather(
        *(naming((member, administrator)[turn % 3 == 0], meeting, 0, ToPerson(pick(turn).id)) for turn in range(8))
    )
    row = await naming.row(meeting, 0)
    learned = [*await naming.learned(claire), *await naming.learned(anne)]
    assert len(learned) == 1
    assert row.person_id in {claire.id, anne.id}
    assert (await naming.learned(claire if row.person_id == claire.id else anne)) == learned


async def test_naming_waits_for_whoever_publishes(naming: Namer, member: Principal, meeting: Meeting) -> None:
    """The row's lock is taken before anything is read: otherwise a name would go to the voice of an older run."""
    async with naming.units() as unit:
        await unit.jobs.lock_results(meeting.id)
        task = asyncio.create_task(naming(member, meeting, 0, FreeName("Marc")))
        waiting = 0
        async with asyncio.timeout(20):
            while not waiting:
                async with naming.units() as other:
                    waiting = await other.session.scalar(
                        text("select count(*) from pg_stat_activity where datname = current_database() "
                             "and wait_event_type = 'Lock'")
                    )  # fmt: skip
        await unit.speakers.replace(meeting.id, 2, [])
    with pytest.raises(NotFoundError):
        await task


async def test_what_is_kept_of_a_meeting_that_runs_again_can_be_named(
    naming: Namer, member: Principal, meeting: Meeting
) -> None:
    await change_row(naming.units, meeting.id, status="PENDING")
    assert (await naming(member, meeting, 0, FreeName("Marc"))).name == "Marc"
    async with naming.units() as unit:
        status = await unit.session.scalar(select(MeetingRow.status).where(MeetingRow.id == meeting.id))
    assert status == "PENDING"
