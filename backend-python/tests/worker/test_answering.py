"""What the worker tells its child, what the child makes of it, and what is not taken on its word."""

import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import BinaryIO

import pytest

from scribe.adapters.unit_of_work import UnitOfWork, UnitOfWorkFactory
from scribe.core.config import load_settings
from scribe.domain import layout
from scribe.domain.accounts import Principal
from scribe.domain.errors import ArtefactError, EngineError, UnavailableError
from scribe.domain.jobs import ClaimedJob, Published
from scribe.domain.namings import HeardSpeaker
from scribe.domain.requests import RunOptions
from scribe.domain.speech import Span, speaker_label
from scribe.domain.voices import Band, Candidate, Identification
from scribe.services.queue import Queue
from scribe.services.recognition import Recognition
from scribe.worker.answering import Answering
from scribe.worker.asking import AskingIdentifier
from scribe.worker.protocol import Verdicts, VoicesHeard, report_of
from scribe.worker.reporting import ReportingObserver
from scribe.worker.wiring import build_matcher
from tests.bank import add_person, tone_print
from tests.pending_meetings import add_meeting

A, B = speaker_label(0), speaker_label(1)
SETTINGS = load_settings(diarization__engine="fake")
HEARD = VoicesHeard({A: tone_print(1)})


class AwayAtFirst(UnitOfWorkFactory):
    """A real database that does not answer the first few times."""

    def __init__(self, units: UnitOfWorkFactory, times: int) -> None:
        super().__init__(units.engine)
        self.times = times

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        if self.times > 0:
            self.times -= 1
            raise UnavailableError("The database does not answer just now.")
        async with super().__call__() as unit:
            yield unit


@pytest.fixture
async def job(units: UnitOfWorkFactory, member: Principal) -> ClaimedJob:
    await add_meeting(units, member.user_id)
    claimed = await Queue(units, SETTINGS.queue).claim("worker")
    assert claimed is not None
    return claimed


def answering(units: UnitOfWorkFactory, job: ClaimedJob, engine: str = "fake") -> Answering:
    matcher = build_matcher(load_settings(diarization__engine=engine))
    return Answering(Recognition(units, SETTINGS, matcher), job)


def speaker(label: str = A, **fields: object) -> HeardSpeaker:
    plain = HeardSpeaker(speaker_label(0), (Span(0, 9),), tone_print(1), None, (), None, None)
    return replace(plain, label=label, **fields)  # type: ignore[arg-type]


async def test_a_database_that_is_away_is_waited_for(
    units: UnitOfWorkFactory, member: Principal, job: ClaimedJob
) -> None:
    await add_person(units, member, "Ada", [tone_print(1)])
    away = AwayAtFirst(units, 2)
    answer = await answering(away, job).verdicts(HEARD)
    assert (away.times, answer.verdicts[A].name, answer.problem) == (0, "Ada", None)
    away.times = 1
    assert (await answering(away, job).moves()).moves == ()


async def test_a_child_may_ask_once(units: UnitOfWorkFactory, job: ClaimedJob) -> None:
    """One that may ask for ever could find out who is in the bank."""
    told = answering(units, job)
    await told.verdicts(HEARD)
    with pytest.raises(ArtefactError):
        await told.verdicts(HEARD)


async def test_a_bank_of_another_model_is_a_problem_and_names_nobody(
    units: UnitOfWorkFactory, member: Principal, job: ClaimedJob
) -> None:
    await add_person(units, member, "Ada", [tone_print(1)])
    told = answering(units, job, engine="onnx")  # whose cohort fits no fake voice
    answer = await told.verdicts(HEARD)
    assert answer.problem
    assert answer.verdicts == {}
    assert "Ada" not in answer.problem


async def test_a_child_s_word_names_nobody(units: UnitOfWorkFactory, member: Principal, job: ClaimedJob) -> None:
    """It works on files that anybody may have sent."""
    ada = await add_person(units, member, "Ada", [tone_print(7)])
    made_up = Identification(
        "Ada", 0.9, None, None, "matched", "Ada", Band.AUTO, 0.99, (Candidate(str(ada), "Ada", 0.9, 0.99),)
    )
    claims = Published((), None, 1, 0, 9.0, (speaker(identification=made_up, sample_key="voices/people/x.wav"),))
    unasked = answering(units, job).vouched(claims).speakers[0]
    assert (unasked.identification, unasked.sample_key) == (None, None)
    told = answering(units, job)
    await told.verdicts(HEARD)
    (vouched,) = told.vouched(claims).speakers
    assert vouched.identification is not None
    assert (vouched.identification.name, vouched.identification.reason) == (None, "below-threshold")


async def test_its_own_samples_are_kept(units: UnitOfWorkFactory, job: ClaimedJob) -> None:
    own = layout.speaker_sample_key(job.meeting_id, job.run, A)
    other = layout.speaker_sample_key(job.meeting_id, job.run + 1, A)
    speakers = (
        answering(units, job)
        .vouched(Published((), None, 2, 0, 9.0, (speaker(sample_key=own), speaker(sample_key=other))))
        .speakers
    )
    assert [one.sample_key for one in speakers] == [own, None]


async def test_a_speaker_without_a_print_is_told_so(units: UnitOfWorkFactory, job: ClaimedJob) -> None:
    told = answering(units, job)
    await told.verdicts(HEARD)
    silent = speaker(B, voiceprint=None, identification=Identification(None, None, None, None, "no-voiceprint"))
    (vouched,) = told.vouched(Published((), None, 1, 0, 9.0, (silent,))).speakers
    assert vouched.identification is not None
    assert vouched.identification.reason == "no-voiceprint"


async def test_without_a_wish_for_names_nobody_is_asked(units: UnitOfWorkFactory, job: ClaimedJob) -> None:
    nobody = replace(job, options=RunOptions(voices="none"))
    answer = await answering(units, nobody).verdicts(HEARD)
    assert (answer.verdicts[A].name, answer.verdicts[A].candidates) == (None, ())


# --- the child's side -------------------------------------------------------------------------------------------------


def asked(answer: bytes) -> tuple[AskingIdentifier, BinaryIO, threading.Thread]:
    """An identifier whose worker says ``answer`` once it has been asked."""
    reports_fd, told_fd = os.pipe()
    answers_fd, answering_fd = os.pipe()
    reports = os.fdopen(reports_fd, "rb")

    def reply() -> None:
        assert isinstance(report_of(reports.readline()), VoicesHeard)
        os.write(answering_fd, answer)
        os.close(answering_fd)

    thread = threading.Thread(target=reply)
    thread.start()
    return (
        AskingIdentifier(ReportingObserver(told_fd), os.fdopen(answers_fd, "rb"), {"min_speech_s": 3.0}),
        reports,
        thread,
    )


def ask(answer: bytes) -> AskingIdentifier:
    identifier, reports, thread = asked(answer)
    try:
        identifier.identify({A: tone_print(1)})
    finally:
        thread.join()
        reports.close()
        identifier._answers.close()
        os.close(identifier._observer._pipe_fd)
    return identifier


def test_the_child_takes_the_verdicts_it_is_given() -> None:
    verdicts = {A: Identification("Ada", 0.9, None, None, "matched")}
    identifier = ask(Verdicts(verdicts).to_line())
    assert identifier.verdicts == verdicts
    assert identifier.settings == {"engine": "voice-bank", "min_speech_s": 3.0}


def test_the_child_says_that_the_bank_could_not_be_used() -> None:
    with pytest.raises(EngineError, match="could not be used"):
        ask(Verdicts({}, problem="The known voices could not be used.").to_line())


@pytest.mark.parametrize("answer", [b"", b'{"verdicts": {'])
def test_a_child_whose_worker_is_gone_ends(answer: bytes) -> None:
    with pytest.raises(BrokenPipeError):
        ask(answer)
