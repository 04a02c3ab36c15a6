"""``scribe voices enrol`` and ``scribe voices test``: clips are measured in this process, no worker is needed.

Owns what is said of each clip: enrolled, refused with everything that stands in the way, or questioned because it
sounds like somebody else. The measuring is ``engines/clips.py``'s, the rules of the bank are the services'.

Usage::

    scribe voices enrol "Claire Martin" claire.m4a --consent-by "Claire Martin, signed form of 3 March"
    scribe voices test unknown.wav
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from scribe.cli.database import principal_of
from scribe.cli.failures import EXIT_INPUT
from scribe.cli.tables import show
from scribe.cli.terminal import language_of_the_terminal
from scribe.cli.voice_service import ByConsent, Of, Service, only_one, people_named, run
from scribe.core.config import Settings
from scribe.core.ids import uuid7
from scribe.domain.accounts import FIRST_ADMINISTRATOR, Principal
from scribe.domain.consent import CONSENT_TEXTS
from scribe.domain.enrolments import Question, QuestionKind
from scribe.domain.errors import AudioError, AudioTooLongError, ConsentError, NotFoundError, OptionError
from scribe.domain.people import (
    ConsentDraft,
    Person,
    PersonDraft,
    PersonId,
    PrintOrigin,
    StoredVoiceprint,
    clean_name,
    may_change_person,
)
from scribe.domain.voices import Identification

if TYPE_CHECKING:  # numpy's friends and the database are loaded by the commands that need them
    from scribe.adapters.audio import PyAvConverter
    from scribe.engines.clips import ClipMeter, ClipReport
    from scribe.services.voice_comparison import Comparison

MOST_CANDIDATES = 3

TextVersion = Annotated[
    str | None, typer.Option("--consent-text", help="Which text was agreed to. Default: ours, in this language.")
]
IsShared = Annotated[bool, typer.Option("--shared", help="Everybody in this installation sees the person.")]
IsForced = Annotated[bool, typer.Option("--force", help="Enrol also what sounds like somebody else.")]


def enrol(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the person; an alias or an id of one who is there.")],
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Recordings of this person alone.")],
    given_by: ByConsent = None,
    text_version: TextVersion = None,
    owner: Of = FIRST_ADMINISTRATOR,
    is_shared: IsShared = False,
    is_forced: IsForced = False,
) -> None:
    """Introduce a person by voice: half a minute of clean speech is plenty."""
    _refuse_what_is_no_file(clips)
    consent = consent_of(given_by, text_version)
    asked = [_Asked(name, clip, _printable(clip.name)) for clip in clips]
    _finish(run(lambda service: _enrol_all(service, owner, asked, consent, is_shared=is_shared, is_forced=is_forced)))


def enrol_folder(folder: Path, owner: str, *, consent: ConsentDraft | None, is_shared: bool, is_forced: bool) -> None:
    """Everybody whose clips are in it. Raises: VoiceClipError."""
    from scribe.adapters.voice_clips import find_voice_clips

    found = find_voice_clips(folder)
    for path in found.skipped:
        sys.stderr.write(f"! {_printable(str(path))} is no recording: it was left out.\n")
    asked = [_Asked(clip.name, clip.path, _printable(clip.path.relative_to(folder).as_posix())) for clip in found.clips]
    _finish(run(lambda service: _enrol_all(service, owner, asked, consent, is_shared=is_shared, is_forced=is_forced)))


def try_clip(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A recording of one person.")],
    top: Annotated[
        int, typer.Option("--top", min=1, max=MOST_CANDIDATES, help="So many candidates at most.")
    ] = MOST_CANDIDATES,
    owner: Of = FIRST_ADMINISTRATOR,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell whose voice it is, as a meeting of this user would. Nothing is kept."""
    _refuse_what_is_no_file([clip])

    async def ask(service: Service) -> "tuple[ClipReport, Identification | None]":
        who = await principal_of(service.units, owner)
        with _measuring(service.settings) as measure:
            report, _ = measure(clip)
        if report.voiceprint is None:
            return report, None
        comparison = _comparison(service.settings)
        async with service.units() as unit:
            bank = await comparison.bank(unit, who.user_id, None)
        return report, await comparison.verdict(report.voiceprint, bank)

    report, verdict = run(ask)
    for problem in (*report.problems, *report.hints):
        sys.stderr.write(f"! {problem.message}\n")
    _tell_verdict(verdict, top, as_json=as_json)
    if verdict is None:
        raise typer.Exit(EXIT_INPUT)


def our_text() -> str:
    """Version of the text of docs/privacy.md in the language of the terminal."""
    return CONSENT_TEXTS[language_of_the_terminal()].version


def consent_of(given_by: str | None, text_version: str | None) -> ConsentDraft | None:
    """Raises: OptionError."""
    if given_by is None:
        if text_version is not None:
            raise OptionError("Say also who agreed to this text, and how: --consent-by.")
        return None
    return ConsentDraft(given_by, text_version or our_text())


# --- measuring --------------------------------------------------------------------------------------------------------


class _Measure:
    def __init__(self, converter: "PyAvConverter", meter: "ClipMeter", workspace: Path) -> None:
        self._converter, self._meter, self._workspace = converter, meter, workspace

    def __call__(self, clip: Path) -> "tuple[ClipReport, str]":
        """What the clip tells, and how it was recorded. Raises: AudioError."""
        wav = self._workspace / "clip.wav"
        try:
            facts = self._converter.convert(clip, wav, lambda _fraction: None)
            report = self._meter.measure(self._converter.open(wav))
        finally:
            wav.unlink(missing_ok=True)
        return report, f"{facts.source_sample_rate_hz} Hz, {facts.codec}"


@contextmanager
def _measuring(settings: Settings) -> Iterator[_Measure]:
    """The converted clip is nobody else's to read, and gone afterwards. Raises: ModelMissingError."""
    from scribe.worker.wiring import build_clip_meter

    converter, meter = build_clip_meter(settings)
    with TemporaryDirectory(prefix="scribe-voices-") as folder:
        yield _Measure(converter, meter, Path(folder))


def _comparison(settings: Settings) -> "Comparison":
    from scribe.services.voice_comparison import Comparison
    from scribe.worker.wiring import build_matcher, voice_model

    return Comparison(build_matcher(settings), settings, voice_model(settings))


# --- enrolling --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    clip: Path
    shown: str
    """How the user knows the clip."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is said of everybody who is enrolled by one command."""

    who: Principal
    consent: ConsentDraft | None
    is_shared: bool
    is_forced: bool


async def _enrol_all(
    service: Service,
    owner: str,
    asked: Sequence[_Asked],
    consent: ConsentDraft | None,
    *,
    is_shared: bool,
    is_forced: bool,
) -> int:
    """How many of the clips were not enrolled. Who may not be enrolled at all is refused before a clip is measured."""
    wish = _Wish(await principal_of(service.units, owner), consent, is_shared, is_forced)
    people = {name: await _person(service, wish, name) for name in dict.fromkeys(one.name for one in asked)}
    comparison = _comparison(service.settings)
    num_refused = 0
    with _measuring(service.settings) as measure:
        for one in asked:
            try:
                report, channel = measure(one.clip)
            except AudioError as error:
                sys.stderr.write(f"✗ {one.shown}: {_what_helps(error)}\n")
                num_refused += 1
                continue
            if report.problems or report.voiceprint is None:
                for problem in report.problems:
                    sys.stderr.write(f"✗ {one.shown}: {problem.message}\n")
                num_refused += 1
                continue
            person = people[one.name]
            questions = [] if wish.is_forced else await _questions(service, wish, comparison, person, report)
            for question in questions:
                sys.stderr.write(f"? {one.shown}: {question} If it is the right voice: --force.\n")
            if questions:
                num_refused += 1
                continue
            people[one.name], stored = await _enrol_one(service, wish, person, report, one, channel)
            speech = f"{stored.voiceprint.speech_s:.1f} s of clean speech"
            typer.echo(f"✓ {one.shown}: {people[one.name].name}, {speech}")
            for hint in report.hints:
                sys.stderr.write(f"! {one.shown}: {hint.message}\n")
    return num_refused


async def _person(service: Service, wish: _Wish, name: str) -> Person:
    """Who is there and may be changed, or somebody new (``version`` 0), who is not stored yet.

    Raises: ConflictError, ConsentError, NotFoundError, OptionError.
    """
    found = [
        one for one in await people_named(service.units, wish.who, name) if may_change_person(wish.who, one.owner_id)
    ]
    if found:
        person = only_one(found, name)
        if wish.is_shared and not person.is_shared:
            sys.stderr.write(f"! {person.name} is here already, and stays unshared.\n")
    elif _is_id(name):
        raise NotFoundError(f"There is nobody with the id {name}, or they are not yours to change.")
    else:
        now = datetime.now(UTC)
        person = Person(PersonId(uuid7()), wish.who.user_id, clean_name(name), (), "", wish.is_shared, 0, now, now)
    if service.settings.voices.require_consent and not person.has_consent and wish.consent is None:
        raise ConsentError(
            f"{person.name} has not agreed to be recognised by voice, as far as this installation knows. Say who "
            'agreed and how: --consent-by "Claire Martin, signed form of 3 March".'
        )
    return person


async def _questions(
    service: Service, wish: _Wish, comparison: "Comparison", person: Person, report: "ClipReport"
) -> list[str]:
    assert report.voiceprint is not None  # noqa: S101 -- refused before
    async with service.units() as unit:
        asked = await comparison.questions(unit, wish.who.user_id, person, report.voiceprint)
        mentioned = [question.person_id for question in asked if question.person_id is not None]
        names = await unit.people.names_of(mentioned, wish.who)
    return [_sentence(question, person, names.get(question.person_id or person.id)) for question in asked]


def _sentence(question: Question, person: Person, other: str | None) -> str:
    if question.kind is QuestionKind.SOUNDS_LIKE:
        share = "" if question.probability is None else f" ({question.probability:.0%})"
        return f"sounds like {other or 'somebody else'}{share}."
    return f"does not sound like the {person.name} of this bank."


async def _enrol_one(
    service: Service, wish: _Wish, person: Person, report: "ClipReport", asked: _Asked, channel: str
) -> tuple[Person, StoredVoiceprint]:
    from scribe.services import people
    from scribe.services.enrolment import enrol_measured

    if person.version == 0:
        draft = PersonDraft(person.name, is_shared=person.is_shared)
        person = await people.create(service.units, wish.who, draft, wish.consent)
    elif not person.has_consent and wish.consent is not None:
        await people.give_consent(service.units, wish.who, person.id, wish.consent)
    async with service.units() as unit:
        locked = await people.changeable(unit, wish.who, person.id)
        stored = await enrol_measured(
            unit,
            service.storage,
            locked,
            report,
            settings=service.settings,
            origin=PrintOrigin.CLIP,
            confirmed_by=wish.who.user_id,
            file_name=asked.clip.name,
            channel=channel,
        )
    return await people.read(service.units, wish.who, person.id), stored


def _what_helps(error: AudioError) -> str:
    if isinstance(error, AudioTooLongError):
        return "The clip is too long: cut out half a minute of the person talking."
    return str(error)


def _finish(num_refused: int) -> None:
    if num_refused:
        raise typer.Exit(EXIT_INPUT)


# ----------------------------------------------------------------------------------------------------------------------


def _tell_verdict(verdict: Identification | None, top: int, *, as_json: bool) -> None:
    candidates = [
        {
            "name": one.name,
            "probability": round(one.probability, 4),
            "score": round(one.score, 4),
            "id": one.person,
        }
        for one in (() if verdict is None else verdict.candidates[:top])
    ]
    if as_json:
        told = {
            "name": None if verdict is None else verdict.name,
            "band": "unknown" if verdict is None else str(verdict.band),
            "reason": "no-voiceprint" if verdict is None else verdict.reason,
            "explanation": "" if verdict is None else verdict.explanation,
            "candidates": candidates,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if verdict is None:
        typer.echo("unknown: no voice was found in this clip")
        return
    reason = verdict.explanation or verdict.reason
    if verdict.name is not None:
        typer.echo(f"{verdict.name}: {reason}")
    elif str(verdict.band) == "suggest" and candidates:
        typer.echo(f"{candidates[0]['name']}?: {reason}")
    else:
        typer.echo(f"unknown: {reason}")
    if candidates:
        show(candidates, as_json=False, hidden=("id",))


def _refuse_what_is_no_file(clips: Sequence[Path]) -> None:
    """Raises: OptionError."""
    missing = [str(clip) for clip in clips if not clip.is_file()]
    if missing:
        raise OptionError(f"There is no such file: {', '.join(missing)}.")


def _printable(path: str) -> str:
    """A file may be called anything, control characters and invalid Unicode included."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in path)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
