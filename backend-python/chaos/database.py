"""Questions to the product's database, asked from outside the product.

A connection of its own for every question: the database is killed all the time here.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import asyncpg

Row = dict[str, Any]


class Database:
    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, query: str, *values: object) -> list[Row]:
        return asyncio.run(self._rows(query, values))

    def value(self, query: str, *values: object) -> Any:
        rows = self.rows(query, *values)
        return next(iter(rows[0].values())) if rows else None

    def until(self, query: str, *values: object, timeout_s: float, every_s: float = 0.004) -> Row | None:
        """The first row, as soon as there is one. One connection: what is looked for may last for milliseconds."""
        return asyncio.run(self._until(query, values, timeout_s, every_s))

    def many(self, query: str, values: Sequence[Sequence[object]]) -> None:
        asyncio.run(self._many(query, values))

    async def _rows(self, query: str, values: Sequence[object]) -> list[Row]:
        connection = await asyncpg.connect(self._url, timeout=5, command_timeout=30)
        try:
            await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
            return [dict(record) for record in await connection.fetch(query, *values)]
        finally:
            await connection.close(timeout=5)

    async def _until(self, query: str, values: Sequence[object], timeout_s: float, every_s: float) -> Row | None:
        deadline = time.monotonic() + timeout_s
        connection = await asyncpg.connect(self._url, timeout=5, command_timeout=30)
        try:
            while time.monotonic() < deadline:
                if (record := await connection.fetchrow(query, *values)) is not None:
                    return dict(record)
                await asyncio.sleep(every_s)
            return None
        finally:
            await connection.close(timeout=5)

    async def _many(self, query: str, values: Sequence[Sequence[object]]) -> None:
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            await connection.executemany(query, values)
        finally:
            await connection.close(timeout=5)
