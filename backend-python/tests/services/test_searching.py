"""What was said is found: in any form of a word, by those who may see it, as it stands."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import VoicesSettings
from scribe.core.models_db import MeetingRow
from scribe.core.search_db import PassageRow
from scribe.domain.accounts import Principal
from scribe.domain.coverage import Coverage
from scribe.domain.meeting import MeetingId
from scribe.domain.meetings import Meeting
from scribe.domain.search import MOST_PASSED, SearchPage, SearchWish
from scribe.domain.voices import Identification
from scribe.services import meetings, search
from scribe.services.indexing import Indexer
from scribe.services.naming import FreeName, ToPerson, move, name
from tests.bank import enter, voice
from tests.domain.exports.meeting import fusion_document, line, run_facts
from tests.named_meetings import completed, label, now
from tests.pending_meetings import change_row

SETTINGS = VoicesSettings()
NOBODY = Identification(None, None, None, None, "no-voiceprint")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "files"))


@pytest.fixture
def indexer(units: UnitOfWorkFactory, storage: Storage) -> Indexer:
    return Indexer(units, storage)


async def said(
    units: UnitOfWorkFactory, storage: Storage, owner: Principal, lines: Sequence[str], **columns: object
) -> Meeting:
    """A meeting of these lines, two voices in turn, indexed."""
    segments = [line(10.0 * at, 10.0 * at + 9, at % 2, text) for at, text in enumerate(lines)]
    duration_s = 10.0 * len(lines)
    coverage = Coverage(duration_s, duration_s, 0.0, 0.0, 0.0, ())
    documents = fusion_document(segments, coverage, {0: NOBODY, 1: NOBODY}, run_facts("a.wav", duration_s))
    meeting = await completed(units, storage, owner.user_id, {0: voice(1), 1: voice(2)}, documents)
    if columns:
        await change_row(units, meeting.id, **columns)
    assert await Indexer(units, storage).index(meeting.id)
    return await now(units, meeting.id)


async def found(units: UnitOfWorkFactory, who: Principal, text: str, **wish: object) -> list[str]:
    page = await search.find(units, who, SearchWish(text, **wish))  # type: ignore[arg-type]
    return [quote.passage.text for quote in page.quotes]


FOUND = [
    ("décider", "Vous décidez demain."),
    ("decide", "La question est décidée."),
    ("reunion", "Les réunions sont longues."),
    ("RÉUNIONS", "la reunion"),
    ("été", "Cet été sera chaud."),
    ("ete", "Cet ÉTÉ sera chaud."),
    ("budgets", "Le budget, enfin."),
    ("meeting", "All these meetings."),
    ("decided", "They decide nothing."),
    ("running", "He runs."),
    ("mangee", "La pomme est mangée."),
    ("coeur", "Le cœur du sujet."),
    ("weekend", "Pas le week-end."),
    ("week-end", "Pas le weekend."),
    ("l'école", "L’école est finie."),
    ("aujourd'hui", "C'est pour aujourd’hui."),
    ("12500", "Soit 12500 euros."),
    ("会議", "予算会議です"),
    ("décisi", "Une décision."),
    ('"conseil municipal"', "Le conseil municipal."),
    ("« du conseil »", "L'avis du conseil."),
    ("budget OR travaux", "Des travaux."),
    ("le budget de la ville", "Budget pour une ville."),
]


async def test_it_is_found_in_any_form(units: UnitOfWorkFactory, storage: Storage, member: Principal) -> None:
    missed = []
    for wanted, text in FOUND:
        meeting = await said(units, storage, member, ["Rien ici.", text])
        page = await search.find(units, member, SearchWish(wanted, meeting_id=meeting.id))
        if [quote.passage.text for quote in page.quotes] != [text] or not page.quotes[0].matches:
            missed.append((wanted, text))
    assert missed == []


NOT_FOUND = [
    ('"municipal conseil"', "Le conseil municipal."),
    ("budget -travaux", "Le budget des travaux."),
    ("budget -travail", "Le budget du travail."),
    ("budget ville", "Le budget."),
    ("bu", "Le budget."),
    ('"budg"', "Le budget."),
]


async def test_what_is_not_meant_is_not_found(units: UnitOfWorkFactory, storage: Storage, member: Principal) -> None:
    for wanted, text in NOT_FOUND:
        meeting = await said(units, storage, member, [text])
        assert await found(units, member, wanted, meeting_id=meeting.id) == [], wanted


async def test_a_quote_says_who_when_where_and_what_is_around_it(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await said(units, storage, member, ["Bonjour.", "👍 Le budget est décidé.", "Bien."], title="Comité")
    await name(units, storage, SETTINGS, member, meeting.id, label(1), FreeName("Madame Perrin"))
    (quote,) = (await search.find(units, member, SearchWish("décision budgets"))).quotes or (None,)
    assert quote is None
    (quote,) = (await search.find(units, member, SearchWish("budgets décider"))).quotes
    assert (quote.meeting.id, quote.meeting.title, quote.passage.place) == (meeting.id, "Comité", 1)
    assert (quote.passage.start_s, quote.passage.end_s, quote.passage.language) == (10.0, 19.0, "fr")
    assert (quote.passage.label, quote.name) == (label(1), "Madame Perrin")
    assert (quote.before, quote.after) == ("Bonjour.", "Bien.")
    in_utf16 = quote.passage.text.encode("utf-16-le")
    assert [in_utf16[2 * start : 2 * end].decode("utf-16-le") for start, end in quote.matches] == ["budget", "décidé"]


async def test_nobody_finds_what_they_may_not_see(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, stranger: Principal, administrator: Principal
) -> None:
    meeting = await said(units, storage, member, ["Le budget."])
    assert await found(units, stranger, "budget") == []
    assert await found(units, stranger, "budget", meeting_id=meeting.id) == []
    assert await found(units, member, "budget") == await found(units, administrator, "budget") == ["Le budget."]


async def test_what_fits_better_and_is_newer_comes_first(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    today = date.today()  # noqa: DTZ011 -- to the day
    await said(units, storage, member, ["Une décision, hier."], held_on=today - timedelta(days=900))
    await said(units, storage, member, ["Vous décidez, demain."], held_on=today)
    await said(units, storage, member, ["Une décision, demain."], held_on=today)
    assert await found(units, member, "décision") == ["Une décision, demain.", "Une décision, hier."]
    assert (await found(units, member, "demain"))[0] != "Une décision, hier."


async def test_it_may_be_asked_for_a_time_a_meeting_and_who_spoke(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    old = await said(units, storage, member, ["Budget un.", "Budget deux."], held_on=date(2025, 3, 1))
    new = await said(units, storage, member, ["Budget trois.", "Budget quatre."], held_on=date(2026, 3, 1))
    claire = await enter(units, member, "Claire Fontaine")
    await name(units, storage, SETTINGS, member, old.id, label(0), ToPerson(claire.id), remember=False)
    await name(units, storage, SETTINGS, member, new.id, label(1), FreeName("Mme Élodie Perrin"))
    await name(units, storage, SETTINGS, member, new.id, label(0), ToPerson(claire.id), remember=False)

    async def ask(**wish: object) -> set[str]:
        return set(await found(units, member, "budget", **wish))

    assert await ask(held_from=date(2026, 1, 1)) == {"Budget trois.", "Budget quatre."}
    assert await ask(held_to=date(2025, 3, 1)) == {"Budget un.", "Budget deux."}
    assert await ask(meeting_id=old.id) == {"Budget un.", "Budget deux."}
    assert await ask(person_id=claire.id) == {"Budget un.", "Budget trois."}
    assert await ask(label_name="elodie PERRIN") == {"Budget quatre."}
    assert await ask(label_name="clair", held_from=date(2026, 1, 1)) == {"Budget trois."}
    assert await ask(label_name="perrin", person_id=claire.id) == set()


async def test_somebody_elses_person_is_nobody_to_search_by(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, stranger: Principal
) -> None:
    meeting = await said(units, storage, member, ["Budget un."])
    hidden = await enter(units, stranger, "Claire")
    async with units() as unit:
        (speaker, *_) = await unit.speakers.of_meeting(meeting.id)
    await change_speaker(units, meeting.id, speaker.label, person_id=hidden.id, naming="auto")
    assert await found(units, member, "budget", person_id=hidden.id) == []


async def change_speaker(units: UnitOfWorkFactory, meeting_id: MeetingId, of: str, **columns: object) -> None:
    from scribe.core.voices_db import SpeakerRow

    query = update(SpeakerRow).where(SpeakerRow.meeting_id == meeting_id, SpeakerRow.label == of)
    async with units() as unit:
        await unit.session.execute(query.values(**columns))


async def test_pages_follow_one_another_without_gap_or_repetition(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    lines = [f"Le budget numéro {number}." for number in range(23)]
    await said(units, storage, member, lines)
    read: list[str] = []
    page: SearchPage = await search.find(units, member, SearchWish("budget", limit=10))
    while True:
        read += [quote.passage.text for quote in page.quotes]
        assert page.total == 23
        if page.next_start is None:
            break
        page = await search.find(units, member, SearchWish("budget", limit=10, start=page.next_start))
    assert sorted(read) == sorted(lines)


async def test_of_what_is_said_all_day_the_newest_is_shown_and_counting_stops(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    old = await said(units, storage, member, ["D'accord."] * MOST_PASSED, held_on=date(2020, 1, 1))
    new = await said(units, storage, member, ["D'accord."] * 3, held_on=date(2026, 1, 1))
    page = await search.find(units, member, SearchWish("accord", limit=5))
    assert page.total == MOST_PASSED
    assert [quote.meeting.id for quote in page.quotes] == [new.id] * 3 + [old.id] * 2
    last = await search.find(units, member, SearchWish("accord", start=MOST_PASSED - 5, limit=20))
    assert (len(last.quotes), last.next_start) == (5, None)


# --- the index follows the transcript ---------------------------------------------------------------------------------


async def test_the_index_follows_what_people_change_and_writes_nothing_else(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, indexer: Indexer
) -> None:
    meeting = await said(units, storage, member, ["Budget un.", "Budget deux."])
    assert await indexer.index_pending(5) == 0
    before = await _written(units, meeting.id)
    await name(units, storage, SETTINGS, member, meeting.id, label(0), FreeName("Claire"))
    assert await indexer.index_pending(5) == 1
    assert await _written(units, meeting.id) == before
    await move(units, member, meeting.id, 0.0, 9.0, label(1))
    assert await indexer.index_pending(5) == 1
    after = await _written(units, meeting.id)
    assert after[0] != before[0]
    assert after[1] == before[1]
    (quote,) = (await search.find(units, member, SearchWish("un"))).quotes
    assert quote.passage.label == label(1)


async def _written(units: UnitOfWorkFactory, meeting_id: MeetingId) -> list[tuple[int, str]]:
    """Which version of each row is there."""
    row = PassageRow
    from sqlalchemy import literal_column

    query = select(row.place, literal_column("xmin::text || ctid::text")).where(row.meeting_id == meeting_id)
    async with units() as unit:
        return [(place, version) for place, version in await unit.session.execute(query.order_by(row.place))]


async def test_another_run_replaces_what_was_found_before(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, indexer: Indexer
) -> None:
    meeting = await said(units, storage, member, ["Budget un.", "Budget deux."])
    other = await completed(units, storage, member.user_id)
    assert other.results_folder is not None
    await change_row(units, meeting.id, results_run=2, results_folder=other.results_folder, published_at=func.now())
    assert await indexer.index(meeting.id)
    assert await found(units, member, "budget deux", meeting_id=meeting.id) == []
    assert await found(units, member, "déménagement", meeting_id=meeting.id)


async def test_meetings_from_before_there_was_an_index_are_indexed_newest_first(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, indexer: Indexer
) -> None:
    old = [await completed(units, storage, member.user_id) for _ in range(3)]
    assert await indexer.index_pending(2) == 2
    async with units() as unit:
        assert await unit.passages.unindexed(10) == [old[0].id]
    assert await indexer.index_pending(2) == 1
    assert await indexer.index_pending(2) == 0


async def test_a_transcript_that_cannot_be_read_keeps_no_other_waiting_and_is_tried_again(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    good = await completed(units, storage, member.user_id)
    bad = await completed(units, storage, member.user_id)
    lost = f"{bad.results_folder}/fusion.json"
    kept = storage.read(lost)
    assert kept is not None
    storage.write(lost, b"{}")
    patient, impatient = Indexer(units, storage), Indexer(units, storage, again_after_s=0.0)
    assert await patient.index_pending(5) == 1
    assert await found(units, member, "déménagement", meeting_id=good.id)
    storage.write(lost, kept)
    assert await patient.index_pending(5) == 0
    assert await impatient.index_pending(5) == 1


async def test_a_run_that_is_published_meanwhile_is_not_overwritten(
    units: UnitOfWorkFactory, storage: Storage, member: Principal, indexer: Indexer
) -> None:
    meeting = await completed(units, storage, member.user_id)
    read = await indexer._read(meeting)
    await change_row(units, meeting.id, results_run=2, published_at=func.now() + timedelta(seconds=1))
    assert not await indexer._written(meeting, read)
    async with units() as unit:
        assert await unit.passages.of_meeting(meeting.id) == {}
        assert await unit.passages.unindexed(5) == [meeting.id]


async def test_two_workers_at_once_leave_one_index(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    import asyncio

    meeting = await completed(units, storage, member.user_id)
    await asyncio.gather(*(Indexer(units, storage).index(meeting.id) for _ in range(4)))
    async with units() as unit:
        assert await unit.passages.unindexed(5) == []
        assert len(await unit.passages.of_meeting(meeting.id)) == 9


async def test_a_meeting_that_is_deleted_is_found_no_more(
    units: UnitOfWorkFactory, storage: Storage, member: Principal
) -> None:
    meeting = await said(units, storage, member, ["Budget."])
    await meetings.delete(units, member, meeting.id)
    async with units() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(PassageRow)) == 0
        assert await unit.session.scalar(select(func.count()).select_from(MeetingRow)) == 0
    assert await found(units, member, "budget") == []
