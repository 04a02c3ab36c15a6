"""Reads what people wrote down about a recording: RTTM (who spoke when), STM (who said what), UEM (what to score).

Usage::

    turns = read_rttm(Path("meeting.rttm"))
    utterances = read_stm(Path("meeting.stm"))
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class ReferenceTurn:
    start_s: float
    end_s: float
    speaker: str


@dataclass(frozen=True, slots=True, order=True)
class Utterance:
    """Something one speaker said."""

    start_s: float
    end_s: float
    speaker: str
    text: str


def read_rttm(path: Path) -> list[ReferenceTurn]:
    turns = []
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields and fields[0] == "SPEAKER":
            start_s, duration_s = float(fields[3]), float(fields[4])
            turns.append(ReferenceTurn(start_s, start_s + duration_s, fields[7]))
    return sorted(turns)


def read_stm(path: Path) -> list[Utterance]:
    """Lines are ``recording channel speaker start end text``; a ``<label>`` before the text is left out."""
    utterances = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(";;"):
            continue
        fields = line.split(maxsplit=5)
        text = fields[5] if len(fields) > 5 else ""
        if text.startswith("<") and ">" in text:
            text = text.partition(">")[2].strip()
        utterances.append(Utterance(float(fields[3]), float(fields[4]), fields[2], text))
    return sorted(utterances)


def read_uem(path: Path) -> tuple[float, float]:
    """The stretch to score; a file with several lines gives their hull."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return min(float(fields[2]) for fields in lines), max(float(fields[3]) for fields in lines)
