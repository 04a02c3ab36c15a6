"""What was said, found across all meetings that somebody may see; and the tags they have.

Owns the transaction of a search; what a query means is ``domain/search_query.py``'s, SQL is ``adapters/search.py``'s,
and how the index follows the transcripts ``services/indexing.py``'s.

Usage::

    page = await search.find(units, who, SearchWish("budget"))
"""

from scribe.adapters.search import FoundPassage, SearchRepository
from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.search import MOST_COUNTED, MOST_PASSED, Quote, SearchPage, SearchWish, TagCount
from scribe.domain.search_query import SearchQuery, matches, parse
from scribe.domain.search_terms import StemsOf, in_utf16, stems_of, to_be_stemmed, words_of

MAX_TAGS = 500
NOTHING = SearchPage((), None, 0)


async def find(units: UnitOfWorkFactory, who: Principal, wish: SearchWish) -> SearchPage:
    """Raises: UnavailableError."""
    query = parse(wish.text)
    if query.is_empty:
        return NOTHING
    async with units() as unit:
        repository = SearchRepository(unit.session)
        stem = await unit.passages.stem(to_be_stemmed(query.words))
        hits = await repository.hits(who, wish, query.to_tsquery(stems_of(query.words, stem)))
        last = min(wish.start + wish.limit, MOST_PASSED)
        wanted = hits[wish.start : last]
        shown = await repository.shown(wanted)
        found = [shown[hit.meeting_id, hit.place] for hit in wanted if (hit.meeting_id, hit.place) in shown]
        quotes = await _quotes(unit, query, found)
    has_more = last < min(len(hits), MOST_PASSED)
    return SearchPage(quotes, last if has_more else None, min(len(hits), MOST_COUNTED))


async def tags(units: UnitOfWorkFactory, who: Principal) -> list[TagCount]:
    async with units() as unit:
        return await unit.meetings.tags(who, MAX_TAGS)


async def _quotes(unit: UnitOfWork, query: SearchQuery, found: list[FoundPassage]) -> tuple[Quote, ...]:
    said = [word for one in found for word in words_of(one.passage.text)]
    words = [*query.words, *said]
    stems = stems_of(words, await unit.passages.stem(to_be_stemmed(words)))
    return tuple(_quote(one, query, stems) for one in found)


def _quote(one: FoundPassage, query: SearchQuery, stems: StemsOf) -> Quote:
    text = one.passage.text
    place = in_utf16(text)
    marked = tuple((place(start), place(end)) for start, end in matches(query, text, stems))
    return Quote(one.meeting, one.passage, one.name, marked, one.before, one.after)
