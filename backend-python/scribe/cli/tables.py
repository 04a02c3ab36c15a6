"""Rows as a command shows them: a table for people, JSON for programs.

Usage::

    show(rows, as_json=as_json, hidden=("id",))
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table


def show(rows: Sequence[dict[str, Any]], *, as_json: bool, hidden: Collection[str] = ()) -> None:
    """``hidden``: too long for a table, and in the JSON."""
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=datetime.isoformat))
        return
    if not rows:
        typer.echo("None.")
        return
    columns = [column for column in rows[0] if column not in hidden]
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in columns:
        table.add_column(column.removesuffix("_at").replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    Console(markup=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None or value == "" else str(value)
