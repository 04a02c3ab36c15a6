"""``python -m bench.searching``: how long a search takes in a large installation, and what its index costs.

Fills a database with meetings of made-up talk whose words are as frequent as words are (Zipf's law; half of it is what
every sentence has), indexes it as the worker does, and asks as people ask: rare words, frequent ones, several, phrases,
a word that is still being typed, one speaker, one user among others. Then lists of meetings with their filters.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, text

from scribe.adapters.servers.children import free_port
from scribe.adapters.servers.postgres import PostgresServer
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.database import build_engine
from scribe.core.ids import uuid7
from scribe.core.migrate import migrate
from scribe.core.models_db import MeetingRow, UserRow
from scribe.core.voices_db import PersonRow, SpeakerRow
from scribe.domain.accounts import ROLE_SCOPES, Principal, Role
from scribe.domain.meeting import MeetingId, UserId
from scribe.domain.meetings import MeetingQuery
from scribe.domain.people import PersonId
from scribe.domain.requests import RunOptions
from scribe.domain.search import Passage, SearchWish
from scribe.domain.search_terms import STOP_WORDS, indexed, stems_of, to_be_stemmed, words_of
from scribe.domain.speech import SpeakerLabel
from scribe.services import listing, search

WORDS_A_PASSAGE = (4, 40)
SPEAKERS = 4
PEOPLE = 50
MEMBERS = 20
ENDINGS = ("", "s", "e", "es", "er", "ons", "é", "ée", "és", "tion", "tions", "ing", "ed", "ment")
DATABASE = "scribe_bench_searching"


@dataclass(frozen=True, slots=True)
class Talk:
    words: Sequence[str]
    heap: Sequence[float]
    """Cumulative frequencies."""

    def say(self, chance: random.Random, count: int) -> str:
        said = " ".join(chance.choices(self.words, cum_weights=self.heap, k=count))
        return f"{said[:1].upper()}{said[1:]}."


def vocabulary(chance: random.Random, size: int) -> Talk:
    syllables = [a + b for a in "bcdfghjlmnprstv" for b in ("a", "e", "i", "o", "u", "é", "ou", "an", "on")]
    roots = {"".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(size // 5)}
    rare = [root + ending for root in sorted(roots) for ending in chance.sample(ENDINGS, 5)]
    chance.shuffle(rare)
    words = [*sorted(STOP_WORDS), *rare]
    frequencies = [1.0 / (rank + 3) for rank in range(len(words))]
    return Talk(words, list(accumulate(frequencies)))


async def fill(units: UnitOfWorkFactory, talk: Talk, meetings: int, passages: int) -> tuple[Principal, Principal]:
    """The administrator, who sees all, and a member, who sees a twentieth."""
    chance = random.Random(1)
    users = [UserId(uuid7()) for _ in range(MEMBERS)]
    people = [PersonId(uuid7()) for _ in range(PEOPLE)]
    async with units() as unit:
        for number, user in enumerate(users):
            row = UserRow(
                id=user,
                username=f"user{number}",
                password_hash="!",  # noqa: S106 -- nobody can sign in with it
                role="admin" if number == 0 else "member",
            )
            unit.session.add(row)
        await unit.session.flush()
        for number, person in enumerate(people):
            name = f"Person {number}"
            unit.session.add(
                PersonRow(
                    id=person,
                    owner_id=users[0],
                    name=name,
                    folded_name=name.lower(),
                    folded_text=name.lower(),
                    is_shared=True,
                )
            )
    for number in range(meetings):
        meeting_id = MeetingId(uuid7())
        created_at = datetime.now(UTC) - timedelta(days=1000 * (1 - number / meetings))
        spoken = [
            Passage(
                place, 6.0 * place, 6.0 * place + 5, SpeakerLabel(f"SPEAKER_0{chance.randrange(SPEAKERS)}"), "fr",
                talk.say(chance, chance.randint(*WORDS_A_PASSAGE)),
            )
            for place in range(passages)
        ]  # fmt: skip
        async with units() as unit:
            unit.session.add(
                MeetingRow(
                    id=meeting_id, owner_id=users[number % MEMBERS], title=f"Meeting {number}", size_bytes=1,
                    sha256="0" * 64,
                    options=RunOptions().to_json(), status="COMPLETED", max_attempts=5, created_at=created_at,
                    published_at=created_at, results_run=1, duration_s=6.0 * passages, tags=[f"tag{number % 40}"],
                )
            )  # fmt: skip
            await unit.session.flush()
            await unit.session.execute(
                insert(SpeakerRow),
                [
                    {
                        "meeting_id": meeting_id,
                        "label": f"SPEAKER_0{one}",
                        "run": 1,
                        "naming": "confirmed",
                        "person_id": chance.choice(people),
                    }
                    for one in range(SPEAKERS)
                ],
            )
            words = {passage.place: words_of(passage.text) for passage in spoken}
            stem = await unit.passages.stem(to_be_stemmed([word for some in words.values() for word in some]))
            vectors = {place: indexed(some, stems_of(some, stem)) for place, some in words.items()}
            await unit.passages.replace(meeting_id, [], spoken, vectors)
            await unit.passages.is_indexed(meeting_id, 1, 0)
    return _principal(users[0], Role.ADMIN), _principal(users[1], Role.MEMBER)


def _principal(user: UserId, role: Role) -> Principal:
    return Principal(user, "bench", role, ROLE_SCOPES[role])


def wishes(talk: Talk, people: Sequence[UUID], count: int) -> dict[str, list[SearchWish]]:
    chance = random.Random(2)
    first = len(STOP_WORDS)

    def word(low: int, high: int) -> str:
        return talk.words[first + chance.randrange(low, high)]

    made: dict[str, Callable[[], SearchWish]] = {
        "a rare word": lambda: SearchWish(f"{word(2000, 15000)} "),
        "a frequent word": lambda: SearchWish(f"{word(0, 50)} "),
        "two words": lambda: SearchWish(f"{word(0, 500)} {word(0, 5000)} "),
        "a word and two stop words": lambda: SearchWish(f"le {word(50, 2000)} de "),
        "a phrase": lambda: SearchWish(f'"{word(0, 100)} {word(0, 100)}"'),
        "a phrase of stop words": lambda: SearchWish('"est la"'),
        "a stop word alone": lambda: SearchWish("de"),
        "without another word": lambda: SearchWish(f"{word(0, 200)} -{word(0, 200)}"),
        "typing: three letters": lambda: SearchWish(word(0, 5000)[:3]),
        "typing: five letters": lambda: SearchWish(word(0, 5000)[:5]),
        "of one person": lambda: SearchWish(f"{word(0, 300)} ", person_id=PersonId(chance.choice(people))),
        "of a name": lambda: SearchWish(f"{word(0, 300)} ", label_name="person 1"),
        "of one month": lambda: SearchWish(
            f"{word(0, 300)} ",
            held_from=(day := (datetime.now(UTC) - timedelta(days=chance.randrange(1, 900))).date()),
            held_to=day + timedelta(days=30),
        ),
    }
    return {name: [make() for _ in range(count)] for name, make in made.items()}


async def timed(run: Callable[[], Awaitable[object]]) -> float:
    begun_s = time.perf_counter()
    await run()
    return 1000 * (time.perf_counter() - begun_s)


def summary(times_ms: Sequence[float]) -> str:
    ordered = sorted(times_ms)
    return f"{statistics.median(ordered):6.1f} {ordered[int(0.95 * (len(ordered) - 1))]:6.1f} {ordered[-1]:6.1f}"


async def measure(url: str, meetings: int, passages: int, count: int) -> None:
    engine = build_engine(url)
    units = UnitOfWorkFactory(engine)
    await migrate(engine)
    talk = vocabulary(random.Random(0), 30_000)
    async with units() as unit:
        is_new = not await unit.session.scalar(text("select exists (select from meetings)"))
    if is_new:
        begun_s = time.monotonic()
        await fill(units, talk, meetings, passages)
        print(f"indexed {meetings} x {passages} passages in {time.monotonic() - begun_s:.0f} s")
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("vacuum analyze"))
    async with units() as unit:
        users = dict((await unit.session.execute(text("select username, id from users"))).all())
        people = list(await unit.session.scalars(text("select id from people order by name")))
        sizes = (
            await unit.session.execute(
                text(
                    "select count(*), pg_relation_size('passages') / 1048576, "
                    "pg_relation_size('ix_passages_words') / 1048576, sum(length(text)) / 1048576 from passages"
                )
            )
        ).one()
    print(f"{sizes[0]} passages, {sizes[3]} MB of text; table {sizes[1]} MB, index of words {sizes[2]} MB")
    administrator, member = _principal(users["user0"], Role.ADMIN), _principal(users["user1"], Role.MEMBER)
    everything: list[float] = []
    print(f"{'ms: median, p95, most':30} {'administrator':>22} {'member':>22}   found")
    for name, some in wishes(talk, people, count).items():
        columns, total = [], 0
        for who in (administrator, member):
            times_ms = []
            for wish in some:
                begun_s = time.perf_counter()
                page = await search.find(units, who, wish)
                times_ms.append(1000 * (time.perf_counter() - begun_s))
                total = max(total, page.total)
            columns.append(times_ms)
            everything += times_ms
        print(f"{name:30} {summary(columns[0]):>22} {summary(columns[1]):>22}   up to {total}")
    print(f"{'all of them':30} {summary(everything):>22}")
    for name, query in {
        "list": MeetingQuery(),
        "list, of one person": MeetingQuery(people=(PersonId(people[0]),)),
        "list, by a name": MeetingQuery(speaker_name="person 1"),
    }.items():
        times_ms = [await timed(lambda query=query: listing.page(units, administrator, query)) for _ in range(count)]
        print(f"{name:30} {summary(times_ms):>22}")
    times_ms = [await timed(lambda: search.tags(units, administrator)) for _ in range(count)]
    print(f"{'tags':30} {summary(times_ms):>22}")
    await engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.searching", description=__doc__)
    parser.add_argument("--meetings", type=int, default=2000)
    parser.add_argument("--passages", type=int, default=300, help="of each meeting")
    parser.add_argument("--count", type=int, default=40, help="searches of each kind")
    parser.add_argument("--database", help="an empty one, or one of an earlier run; default: one that is thrown away")
    chosen = parser.parse_args()
    if chosen.database:
        asyncio.run(measure(chosen.database, chosen.meetings, chosen.passages, chosen.count))
        return
    with tempfile.TemporaryDirectory(prefix="scribe-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's account must enter
        with PostgresServer(Path(folder) / "postgres", free_port()) as server:
            asyncio.run(measure(server.url, chosen.meetings, chosen.passages, chosen.count))


if __name__ == "__main__":
    main()
