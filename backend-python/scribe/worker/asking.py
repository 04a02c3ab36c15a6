"""The child's side of the one question it may ask: whose voices are these?

Owns the waiting for the answer. The bank stays with the service: the child works on files that anybody may have sent,
so it is told the verdicts and never sees a print of anybody enrolled. Satisfies ``pipeline.ports.Identifier``.
"""

from collections.abc import Mapping
from typing import BinaryIO

from scribe.domain.errors import EngineError
from scribe.domain.namings import Recognised
from scribe.domain.speech import SpeakerLabel
from scribe.domain.voices import Identification, Voiceprint
from scribe.worker.protocol import Verdicts, VoicesHeard
from scribe.worker.reporting import ReportingObserver


class AskingIdentifier:
    def __init__(self, observer: ReportingObserver, answers: BinaryIO, rule: Mapping[str, object]) -> None:
        """``answers``: where the worker's lines come in. ``rule``: by which the service decides, for the results."""
        self._observer = observer
        self._answers = answers
        self._rule = rule
        self.verdicts: Mapping[SpeakerLabel, Identification] | None = None
        """What was answered; ``None``: not asked, or the bank could not be used."""

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "voice-bank", **self._rule}

    def identify(self, voiceprints: Mapping[SpeakerLabel, Voiceprint]) -> Recognised:
        """Blocks until the service has answered, which may take as long as its database is away.

        Raises: EngineError when the bank cannot be used; BrokenPipeError when the worker let go of us.
        """
        self._observer.send(VoicesHeard(dict(voiceprints)))
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise BrokenPipeError
        answer = Verdicts.from_line(line)
        if answer.problem is not None:
            raise EngineError(answer.problem)
        self.verdicts = answer.verdicts
        return Recognised(answer.verdicts, answer.warnings)
