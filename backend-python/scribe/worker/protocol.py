"""What the worker and its child say to each other.

Owns the order and the answer to the one question a child may ask, whose voices it hears (JSON lines on the child's
standard input), and the reports (one line each on a pipe of their own, because libraries print on standard output when
they please). Never transcript text.

Usage::

    pipe.write(line_of(StageProgressed(Stage.DIARIZE, 0.25)))
    report = report_of(line)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from scribe.domain.audio import AudioFacts
from scribe.domain.carry_over import HandMoves
from scribe.domain.errors import ArtefactError
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.meeting import RunWarning, Stage, StageMetrics
from scribe.domain.requests import RunOptions
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voices import Identification, Voiceprint
from scribe.pipeline import codec


@dataclass(frozen=True, slots=True)
class Order:
    """What the child has to do. It gets no token of the database and no address of it."""

    job: ClaimedJob
    scratch: Path
    """The child's to use, the worker's to remove."""
    moves: HandMoves = field(default_factory=HandMoves)
    """What people moved by hand in the minutes of an earlier run."""
    bound: Mapping[str, str] = field(default_factory=dict)
    """What every line of the child's log bears: whose child it is, in which trace."""

    def to_line(self) -> bytes:
        job = self.job
        told = {
            "meeting_id": str(job.meeting_id),
            "owner_id": str(job.owner_id),
            "token": str(job.token),
            "run": job.run,
            "attempt": job.attempt,
            "max_attempts": job.max_attempts,
            "created_at": job.created_at.isoformat(),
            "file_name": job.file_name,
            "size_bytes": job.size_bytes,
            "sha256": job.sha256,
            "options": job.options.to_json(),
            "scratch": str(self.scratch),
            "moves": self.moves,
            "bound": dict(self.bound),
        }
        return codec.encode(told) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        told: Mapping[str, Any] = codec.decode(dict, line)
        job = ClaimedJob(
            **{
                **{
                    name: told[name] for name in ("run", "attempt", "max_attempts", "file_name", "size_bytes", "sha256")
                },
                **{name: UUID(told[name]) for name in ("meeting_id", "owner_id", "token")},
                "created_at": datetime.fromisoformat(told["created_at"]),
                "options": RunOptions.from_json(told["options"]),
            }
        )
        moves = codec.decode(HandMoves, codec.encode(told["moves"]))
        return cls(job, Path(told["scratch"]), moves, told["bound"])


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The answer to :class:`VoicesHeard`."""

    verdicts: Mapping[SpeakerLabel, Identification]
    warnings: tuple[RunWarning, ...] = ()
    problem: str | None = None
    """Why the known voices could not be used, in a sentence; then nobody is named."""

    def to_line(self) -> bytes:
        return codec.encode(self) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Raises: ArtefactError."""
        return codec.decode(cls, line)


@dataclass(frozen=True, slots=True)
class StageStarted:
    stage: Stage


@dataclass(frozen=True, slots=True)
class StageProgressed:
    stage: Stage
    fraction: float


@dataclass(frozen=True, slots=True)
class StageFinished:
    metrics: StageMetrics


@dataclass(frozen=True, slots=True)
class Warned:
    warning: RunWarning


@dataclass(frozen=True, slots=True)
class AudioKnown:
    facts: AudioFacts


@dataclass(frozen=True, slots=True, eq=False)
class VoicesHeard:
    """Whose voices are these? Asked once at most; the child waits for :class:`Verdicts`."""

    voiceprints: Mapping[SpeakerLabel, Voiceprint]


@dataclass(frozen=True, slots=True)
class Finished:
    """The results lie in the staging folder."""

    published: Published


@dataclass(frozen=True, slots=True)
class Failed:
    code: str
    message: str
    is_retryable: bool


Report = StageStarted | StageProgressed | StageFinished | Warned | AudioKnown | VoicesHeard | Finished | Failed
_KINDS: Mapping[bytes, type[Report]] = {
    kind.__name__.encode(): kind
    for kind in (StageStarted, StageProgressed, StageFinished, Warned, AudioKnown, VoicesHeard, Finished, Failed)
}


def line_of(report: Report) -> bytes:
    return type(report).__name__.encode() + b" " + codec.encode(report) + b"\n"


def report_of(line: bytes) -> Report:
    """Raises: ArtefactError when the line is no report."""
    name, _, body = line.partition(b" ")
    if name not in _KINDS:
        raise ArtefactError("The child said something that is no report.")
    return codec.decode(_KINDS[name], body)
