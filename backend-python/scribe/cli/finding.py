"""What `scribe doctor` says about one thing."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""
    """What to type or do; empty when nothing needs doing."""
