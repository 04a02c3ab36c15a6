"""Reads the events as they come and says where one of them breaks a promise.

Owns what a sequence of events may be: one COMPLETED a run, a percentage that never falls, no stage begun again that
was finished in the same run, nothing after ``deleted``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


NEVER_KEPT = frozenset({"identify"})
"""Stages that every attempt does again: no checkpoint may hold names."""


@dataclass
class _Life:
    status: str = "PENDING"
    run: int = 1
    percent: float = 0.0
    finished: set[str] = field(default_factory=set)
    num_completed: int = 0
    is_deleted: bool = False


@dataclass
class Audit:
    last_id: int = 0
    lives: dict[str, _Life] = field(default_factory=dict)
    num_events: int = 0
    num_reused: int = 0
    """Stages that a later attempt found finished."""
    num_attempts: int = 0

    def feed(self, events: Iterable[Mapping[str, Any]]) -> list[str]:
        """Rows of the table ``events`` with rising ids; what is wrong with them."""
        wrong: list[str] = []
        for event in events:
            self.num_events += 1
            self.last_id = event["id"]
            life = self.lives.setdefault(str(event["meeting_id"]), _Life())
            found = self._one(life, event["kind"], event["payload"])
            if found:
                wrong.append(f"meeting {event['meeting_id']}, event {event['id']} ({event['kind']}): {found}")
        return wrong

    def _one(self, life: _Life, kind: str, payload: Mapping[str, Any]) -> str | None:
        if life.is_deleted:
            return "after it was deleted"
        stage, percent = str(payload.get("stage", "")), float(payload.get("percent", life.percent))
        if percent < life.percent - 1e-6:
            return f"percent fell from {life.percent:.2f} to {percent:.2f}"
        life.percent = percent
        match kind:
            case "meeting.deleted":
                life.is_deleted = True
            case "meeting.status":
                return self._status(life, str(payload["status"]), int(payload.get("run", life.run)))
            case "meeting.stage_started" if stage in life.finished and stage not in NEVER_KEPT:
                return f"stage {stage} was finished before"
            case "meeting.stage_finished":
                life.finished.add(stage)
                self.num_reused += bool(payload.get("is_reused"))
        return None

    def _status(self, life: _Life, status: str, run: int) -> str | None:
        before, life.status = life.status, status
        if status == "PENDING" and run == life.run + 1:
            if before not in TERMINAL:
                return f"run {run} was begun while run {life.run} was {before}"
            life.run = run
            life.percent, life.finished, life.num_completed = 0.0, set(), 0
            return None
        if before in TERMINAL:
            return f"{status} after {before}"
        if status == "PROCESSING":
            self.num_attempts += 1
        if status == "COMPLETED":
            life.num_completed += 1
            if life.num_completed > 1:
                return "completed twice in one run"
        return None
