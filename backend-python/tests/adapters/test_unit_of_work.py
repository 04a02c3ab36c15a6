"""Which of the database's errors are its absence, and which are bugs of ours."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.domain.errors import UnavailableError


@pytest.mark.parametrize(
    "statement",
    [
        "select pg_sleep(5)",
        "select pg_terminate_backend(pg_backend_pid())",
        "do $$ begin raise exception using errcode = '57P03'; end $$",  # as while the server recovers from a crash
        "do $$ begin raise exception using errcode = '53300'; end $$",  # too many connections
        "do $$ begin raise exception using errcode = '40P01'; end $$",  # deadlock
    ],
)
async def test_what_passes_by_itself_is_unavailable(units: UnitOfWorkFactory, statement: str) -> None:
    with pytest.raises(UnavailableError):  # noqa: PT012 -- the unit's own end is what turns the error
        async with units() as unit:
            await unit.session.execute(text("set local statement_timeout = '50ms'"))
            await unit.session.execute(text(statement))


async def test_a_wrong_statement_is_a_bug(units: UnitOfWorkFactory) -> None:
    with pytest.raises(DBAPIError):
        async with units() as unit:
            await unit.session.execute(text("select nothing from nowhere"))
