"""A voice against the bank, outside any meeting: whom it sounds like, and what a human must be asked before it is
enrolled.

Owns whom a voice is compared with: whoever the asker's meetings are compared with, and nobody else, because a question
or a verdict would tell who is in the bank. Used by a worker (``services/voice_desk.py``) and by the command line.

Usage::

    comparison = Comparison(matcher, settings, model="campplus@1234")
    questions = await comparison.questions(unit, asker_id, person, voiceprint)
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from scribe.adapters.unit_of_work import UnitOfWork
from scribe.core.config import Settings
from scribe.domain.enrolments import Question, QuestionKind
from scribe.domain.meeting import UserId
from scribe.domain.people import Person, PersonId
from scribe.domain.voices import Band, Identification, Matcher, VoiceBank, Voiceprint

HEARD = "clip"
"""What the one voice is called that is compared."""
SOMEBODY_ELSE = 0.9
"""From which probability that it is one of the others, taken together, a human is asked: a little before it would be
one of their names in a meeting. Two entries of one person share it, so that neither would reach a band of its own."""


@dataclass(frozen=True, slots=True)
class Comparison:
    matcher: Matcher
    settings: Settings
    model: str
    """In use here, as :attr:`Voiceprint.model`; prints of others are compared with nothing."""

    async def questions(
        self, unit: UnitOfWork, asker_id: UserId | None, person: Person, voiceprint: Voiceprint
    ) -> tuple[Question, ...]:
        """Why a human is asked before ``voiceprint`` becomes ``person``'s; nobody is asked: empty."""
        own = await self.bank(unit, person.owner_id, person)
        others = await self.bank(unit, asker_id, None)
        me = str(person.id)
        everybody = VoiceBank((*own.profiles, *(one for one in others.profiles if one.person != me)))
        questions = []
        verdict = await self.verdict(voiceprint, everybody)
        rivals = [one for one in verdict.candidates if one.person != me]
        if sum(one.probability for one in rivals) >= SOMEBODY_ELSE:
            best = rivals[0]
            questions.append(
                Question(QuestionKind.SOUNDS_LIKE, PersonId(UUID(best.person)), best.score, best.probability)
            )
        if own.profiles:
            alone = await self.verdict(voiceprint, own)
            if alone.band is Band.UNKNOWN:
                questions.append(Question(QuestionKind.UNLIKE_PERSON, None, alone.score, alone.probability))
        return tuple(questions)

    async def bank(self, unit: UnitOfWork, owner_id: UserId | None, person: Person | None) -> VoiceBank:
        """Of one person, or of everybody whom the meetings of ``owner_id`` are compared with."""
        if owner_id is None:
            return VoiceBank()
        people = None if person is None else [person.id]
        require_consent = self.settings.voices.require_consent
        return await unit.voiceprints.bank_for(owner_id, self.model, people, require_consent=require_consent)

    async def verdict(self, voiceprint: Voiceprint, bank: VoiceBank) -> Identification:
        verdicts = await asyncio.to_thread(self.matcher, {HEARD: voiceprint}, bank)
        return verdicts[HEARD]
