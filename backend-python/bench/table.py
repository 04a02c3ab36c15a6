"""Puts scores together: per set and pooled, on the terminal, as Markdown and as JSON.

Owns sums and wording. Pooled rates weigh every recording by its reference (words, or seconds of speech), never a mean
of rates. A system that failed on a recording is shown with the number of recordings it did; its rates cover those only.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add
from pathlib import Path

from bench.scoring import Scores
from bench.words import Errors

POOLED = "all"
TERMINAL_WIDTH = 150
"""Narrower, rich cuts figures off; a file or a pipe counts as 80."""
STAGES = ("convert", "diarize", "identify", "transcribe", "fuse")


@dataclass(frozen=True, slots=True)
class Row:
    """One system on one recording."""

    set_name: str
    recording: str
    system: str
    duration_s: float
    scores: Scores | None = None
    cpu_s: dict[str, float] = field(default_factory=dict)
    start_cpu_s: float = 0.0
    peak_rss_mb: float = 0.0
    is_cached: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    cell: Callable[[Sequence[Row]], str]


def _rate(name: str) -> Callable[[Sequence[Row]], str]:
    def cell(rows: Sequence[Row]) -> str:
        parts = [value for row in rows if row.scores and (value := getattr(row.scores, name)) is not None]
        if not parts:
            return "–"
        summed: Errors = reduce(add, parts)
        return f"{100 * summed.rate:.1f}" if summed.total else "–"

    return cell


def _speakers(rows: Sequence[Row]) -> str:
    """Found/true of one recording; how many recordings were right of several."""
    counted = [
        (row.scores.speakers_found, row.scores.speakers_true)
        for row in rows
        if row.scores and row.scores.speakers_true is not None
    ]
    if not counted:
        return "–"
    if len(counted) == 1:
        return f"{counted[0][0]}/{counted[0][1]}"
    return f"{sum(found == true for found, true in counted)} of {len(counted)}"


def _invented(rows: Sequence[Row]) -> str:
    counted = [row.scores.invented_words for row in rows if row.scores and row.scores.invented_words is not None]
    return str(sum(counted)) if counted else "–"


def _cpu(stages: Sequence[str] | None = None) -> Callable[[Sequence[Row]], str]:
    """CPU seconds per second of audio, over the recordings on which the stage was run; a star where some of it was
    measured in an earlier run. The total is the sum of the stages' rates."""

    def cell(rows: Sequence[Row]) -> str:
        done = [row for row in rows if row.scores and row.cpu_s]
        rates = []
        for stage in stages or sorted({stage for row in done for stage in row.cpu_s}):
            with_it = [row for row in done if stage in row.cpu_s]
            if with_it:
                rates.append(sum(row.cpu_s[stage] for row in with_it) / sum(row.duration_s for row in with_it))
        if not rates:
            return "–"
        return f"{sum(rates):.3f}" + ("*" if any(row.is_cached for row in done) else "")

    return cell


def _start(rows: Sequence[Row]) -> str:
    done = [row for row in rows if row.scores and row.cpu_s]
    return f"{sum(row.start_cpu_s for row in done) / len(done):.1f}" if done else "–"


def _peak(rows: Sequence[Row]) -> str:
    peaks = [row.peak_rss_mb for row in rows if row.scores and row.peak_rss_mb]
    return f"{max(peaks):.0f}" if peaks else "–"


def _files(rows: Sequence[Row]) -> str:
    done = sum(row.scores is not None for row in rows)
    return str(done) if done == len(rows) else f"{done} of {len(rows)}"


ACCURACY = (
    Column("files", _files),
    Column("WER", _rate("wer")),
    Column("DER", _rate("der")),
    Column("DER ±0.25", _rate("der_collar")),
    Column("speakers", _speakers),
    Column("cpWER", _rate("cpwer")),
    Column("ORC-WER", _rate("orcwer")),
    Column("wrong speaker", _rate("wrong_speaker")),
    Column("invented", _invented),
)
COST = (
    Column("files", _files),
    Column("CPU s/s", _cpu()),
    *(Column(stage, _cpu((stage,))) for stage in STAGES),
    Column("start, CPU s", _start),
    Column("peak MB", _peak),
)


def groups(rows: Sequence[Row]) -> list[tuple[str, str, list[Row]]]:
    """(set, system, rows) in the order they were run, the pooled ones last."""
    systems = list(dict.fromkeys(row.system for row in rows))
    sets = list(dict.fromkeys(row.set_name for row in rows))
    made = [
        (name, system, [r for r in rows if (r.set_name, r.system) == (name, system)])
        for name in sets
        for system in systems
    ]
    made += [(POOLED, system, [r for r in rows if r.system == system]) for system in systems if len(sets) > 1]
    return [group for group in made if group[2]]


def markdown(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    lines = ["| set | system | " + " | ".join(column.heading for column in columns) + " |"]
    lines.append("|---|---|" + "---:|" * len(columns))
    for name, system, members in groups(rows):
        lines.append(f"| {name} | {system} | " + " | ".join(column.cell(members) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def failures(rows: Iterable[Row]) -> str:
    return "".join(f"- {row.system} on {row.set_name}/{row.recording}: {row.error}\n" for row in rows if row.error)


def print_tables(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.width = max(console.width, TERMINAL_WIDTH)
    for title, columns in (("Accuracy (per cent)", ACCURACY), ("Cost (one thread)", COST)):
        table = Table("set", "system", title=title)
        for column in columns:
            table.add_column(column.heading, justify="right")
        shown = None
        for name, system, members in groups(rows):
            if shown not in (None, name):
                table.add_section()
            table.add_row("" if name == shown else name, system, *(column.cell(members) for column in columns))
            shown = name
        console.print(table)
    console.print(failures(rows), markup=False, end="")


def write(rows: Sequence[Row], target: Path, about: dict[str, object], extra_markdown: str = "") -> None:
    """``target`` as JSON (every recording, every system) and the tables as Markdown beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        json.dumps(about | {"rows": [asdict(row) for row in rows]}, indent=1, ensure_ascii=False), "utf-8"
    )
    parts = [markdown(rows, ACCURACY), markdown(rows, COST), extra_markdown, failures(rows)]
    target.with_suffix(".md").write_text("\n".join(part for part in parts if part), "utf-8")
