"""The audit log as a file: JSON lines, each provable, or CSV, for spreadsheets.

Owns these two forms; never which entries are in them. A line of JSON has everything that its hash is over.

Usage::

    file.write(header(Form.CSV))
    for batch in ...: file.write(written(Form.CSV, batch))
"""

import csv
import io
import json
from collections.abc import Iterable
from enum import StrEnum

from scribe.domain.audit import Entry, content_of

COLUMNS = (
    "sequence", "at", "action", "actor_kind", "actor_id", "token_id", "meeting_id", "person_id", "subject_id",
    "detail", "previous", "hash",
)  # fmt: skip


class Form(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return "text/csv; charset=utf-8" if self is Form.CSV else "application/x-ndjson"


def header(form: Form) -> str:
    return ",".join(COLUMNS) + "\r\n" if form is Form.CSV else ""


def written(form: Form, entries: Iterable[Entry]) -> str:
    rows = [content_of(entry) | {"previous": entry.previous.hex(), "hash": entry.hash.hex()} for entry in entries]
    if form is Form.JSONL:
        return "".join(f"{json.dumps(row, sort_keys=True, separators=(',', ':'))}\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    for row in rows:
        writer.writerow(row | {"detail": json.dumps(row["detail"], sort_keys=True, separators=(",", ":"))})
    return out.getvalue()
