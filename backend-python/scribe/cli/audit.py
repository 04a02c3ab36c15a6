"""``scribe audit``: the audit log from the shell of the machine that runs the service.

Owns the options and what is printed. Needs the database's address, no password.

Usage::

    scribe audit head                       # keep it elsewhere
    scribe audit verify --head 3f0c...      # 1 when the chain is broken, or that head is not in it
    scribe audit export --format csv > audit.csv
"""

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from scribe.cli.database import with_units
from scribe.cli.failures import EXIT_FAILED
from scribe.domain.errors import OptionError

if TYPE_CHECKING:  # the database's libraries are loaded by the commands that need them, not by `scribe --help`
    from scribe.adapters.unit_of_work import UnitOfWorkFactory
    from scribe.domain.audit import Head

app = typer.Typer(help="The audit log: prove it, take it away.", no_args_is_help=True)
_DATE = "%Y-%m-%d"

From = Annotated[datetime | None, typer.Option("--from", formats=[_DATE], help="Only from this day on (UTC).")]
To = Annotated[datetime | None, typer.Option("--to", formats=[_DATE], help="Only before this day (UTC).")]


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option("--head", help="A head that was kept elsewhere: it must still be in the chain.")
    ] = None,
) -> None:
    """Compute the whole chain anew; the first entry that is not as it was written is named."""
    from scribe.services import audit

    kept = None if head is None else _hash(head)
    found = with_units(lambda units: audit.verify(units, kept))
    if found.broken_at is not None:
        _say(f"Entry {found.broken_at}: {found.reason}. The {found.count} entries before it are as they were written.")
        raise typer.Exit(EXIT_FAILED)
    typer.echo(f"{found.count} entries, {found.first or 0} to {found.head.sequence}: each is as it was written.")
    typer.echo(f"Head {found.head.hash.hex()}")
    if found.is_head_known is False:
        _say(f"But {head} is not in this chain: it was cut off at its end, made anew, or is another installation's.")
        raise typer.Exit(EXIT_FAILED)
    if found.is_head_known is None:
        _say("Entries cut off at the end cannot be seen from here: give --head with a head that was kept elsewhere.")


@app.command("head")
def show_head() -> None:
    """Print the number and the hash of the last entry: what to keep elsewhere."""
    from scribe.services import audit

    now = with_units(audit.head)
    typer.echo(f"{now.sequence} {now.hash.hex()}")


@app.command("export")
def export(
    form: Annotated[str, typer.Option("--format", help="jsonl (provable line by line) or csv.")] = "jsonl",
    since: From = None,
    until: To = None,
) -> None:
    """Print all entries, oldest first; the head goes to standard error."""
    from scribe.adapters.audit import AuditQuery
    from scribe.services import audit
    from scribe.services.audit_files import Form, header, written

    if form not in set(Form):
        raise OptionError("--format is jsonl or csv.")
    wanted = Form(form)
    query = AuditQuery(at_from=_utc(since), at_to=_utc(until))

    async def write(units: "UnitOfWorkFactory") -> "Head":
        now = await audit.begin_export(units, wanted)
        sys.stdout.write(header(wanted))
        async for entries in audit.stream(units, query, now.sequence):
            sys.stdout.write(written(wanted, entries))
        return now

    now = with_units(write)
    _say(f"Head {now.sequence} {now.hash.hex()}")


def _hash(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise OptionError("--head is a hash of 64 hexadecimal digits, as `scribe audit head` prints it.")
    return bytes.fromhex(text)


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)


def _say(text: str) -> None:
    typer.echo(text, err=True)
