"""``scribe voices``: people of the voice bank from the shell of the machine that runs the service.

Owns the options and what is printed, and that nobody is guessed: a name that several people bear is refused with their
ids. Clips are measured in this process (``cli/voice_clips.py``); all else needs no model. Never prints a vector.

Usage::

    scribe voices enrol "Claire Martin" claire.m4a --consent-by "Claire Martin, signed form of 3 March"
    scribe voices forget "Claire Martin" --backups /var/backups/scribe
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scribe.cli import voice_clips
from scribe.cli.database import principal_of, with_units
from scribe.cli.tables import show
from scribe.cli.voice_service import ByConsent, Of, Service, person_named, run
from scribe.domain.accounts import FIRST_ADMINISTRATOR
from scribe.domain.errors import NotFoundError, OptionError
from scribe.domain.people import ConsentDraft, NamePolicy, Person, PersonId, PersonQuery

if TYPE_CHECKING:  # the database's libraries are loaded by the commands that need them, not by `scribe --help`
    from scribe.adapters.unit_of_work import UnitOfWorkFactory
    from scribe.domain.people import Consent, Forgotten, StoredVoiceprint
    from scribe.services.voice_transfer import Exported, Imported

_PAGE = 500

app = typer.Typer(help="The voice bank: introduce people, find out who it is, forget them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name, alias or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IsSure = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

app.command("enrol")(voice_clips.enrol)
app.command("test")(voice_clips.try_clip)


@app.command("list")
def list_people(owner: Of = FIRST_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show everybody whom this user may read."""

    async def find(units: "UnitOfWorkFactory") -> list[Person]:
        from scribe.services import people

        who = await principal_of(units, owner)
        found: list[Person] = []
        after = None
        while True:
            page = await people.page(units, who, PersonQuery(after=after, limit=_PAGE))
            found += page.people
            after = page.next
            if after is None:
                return found

    show([_row(person) for person in with_units(find)], as_json=as_json, hidden=("id", "note"))


@app.command("show")
def show_person(name: Name, owner: Of = FIRST_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show one person with consents and voiceprints."""

    async def find(units: "UnitOfWorkFactory") -> "tuple[Person, list[Consent], list[StoredVoiceprint]]":
        from scribe.services import people

        who = await principal_of(units, owner)
        person = await person_named(units, who, name)
        given = await people.consents(units, who, person.id)
        async with units() as unit:
            return person, given, await unit.voiceprints.of_person(person.id)

    person, given, prints = with_units(find)
    consents, voices = [_consent_row(one) for one in given], [_voice_row(one) for one in prints]
    if as_json:
        show([{**_row(person), "consents": consents, "voiceprints": voices}], as_json=True)
        return
    typer.echo(f"{person.name}  ({person.id})")
    for label, text in (("Aliases", ", ".join(person.aliases)), ("Note", person.note)):
        if text:
            typer.echo(f"{label}: {text}")
    typer.echo("\nConsents")
    show(consents, as_json=False, hidden=("id",))
    typer.echo("\nVoiceprints")
    show(voices, as_json=False)


@app.command("consent")
def consent(
    name: Name,
    given_by: ByConsent = None,
    text_version: Annotated[
        str | None, typer.Option("--text", help="Which text was agreed to. Default: ours, in this language.")
    ] = None,
    given_on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="When (UTC). Default: now.")
    ] = None,
    is_withdrawn: Annotated[
        bool, typer.Option("--withdraw", help="The person withdraws: everything of the voice is erased.")
    ] = False,
    is_sure: IsSure = False,
    owner: Of = FIRST_ADMINISTRATOR,
) -> None:
    """Record that a person agreed to be recognised, or that they do no longer."""
    if (given_by is None) is not is_withdrawn:
        raise OptionError("Say who agreed and how (--by), or that the consent is withdrawn (--withdraw).")
    if is_withdrawn:
        _withdraw(name, owner, is_sure=is_sure)
        return
    at = None if given_on is None else given_on.replace(tzinfo=UTC)
    draft = ConsentDraft(given_by or "", text_version or voice_clips.our_text(), at)

    async def record(units: "UnitOfWorkFactory") -> Person:
        from scribe.services import people

        who = await principal_of(units, owner)
        person = await person_named(units, who, name)
        await people.give_consent(units, who, person.id, draft)
        return person

    typer.echo(f"{with_units(record).name} agreed to {draft.text_version}; it is recorded.")


@app.command("forget")
def forget(
    name: Name,
    names: Annotated[
        NamePolicy | None,
        typer.Option("--names", help="The name in old transcripts: keep it, or a made-up one. Default: the setting."),
    ] = None,
    backups: Annotated[
        Path | None, typer.Option("--backups", help="Folder of backups: tell which of them still hold the person.")
    ] = None,
    is_sure: IsSure = False,
    owner: Of = FIRST_ADMINISTRATOR,
) -> None:
    """Erase a person: voiceprints, samples, and every mention. It cannot be undone."""
    if backups is not None and not backups.is_dir():
        raise OptionError(f"{backups} is no folder.")
    person, merged = with_units(lambda units: _found_with_merged(units, owner, name))
    if not is_sure:
        typer.confirm(f"Forget {person.name} ({person.num_voiceprints} voiceprints) for good?", abort=True, err=True)

    async def erase(service: Service) -> "Forgotten":
        from scribe.services import forgetting
        from scribe.services.housekeeping import purge

        policy = names or NamePolicy(service.settings.voices.forget_names)
        report = await forgetting.forget(service.units, await principal_of(service.units, owner), person.id, policy)
        await forgetting.store_tombstones(service.units, service.storage)
        await purge(service.units, service.storage)
        return report

    report = run(erase)
    typer.echo(
        f"Forgotten. Voiceprints: {report.voiceprints}, samples: {report.samples}, meetings to be written again: "
        f"{len(report.meetings)}."
    )
    if report.pseudonym is not None:
        typer.echo(f"Old transcripts say: {report.pseudonym}")
    _tell_backups(backups, [person.id, *merged])


@app.command("recognise")
def recognise(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only meetings uploaded since then (UTC).")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="Only meetings with a voice at all like this person's.")
    ] = None,
    owner: Of = FIRST_ADMINISTRATOR,
) -> None:
    """Have this user's finished meetings compared with the bank again, in the background.

    What a human confirmed stays.
    """

    async def ask(units: "UnitOfWorkFactory") -> int:
        from scribe.services import recognition

        who = await principal_of(units, owner)
        person_id = None if person is None else (await person_named(units, who, person)).id
        from_day = None if since is None else since.replace(tzinfo=UTC)
        return await recognition.ask(units, who, since=from_day, person_id=person_id)

    count = with_units(ask)
    typer.echo(f"{count} {'meeting is' if count == 1 else 'meetings are'} compared again while a worker runs.")


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New file, a zip; for your eyes only.")],
    person: Annotated[
        list[str] | None, typer.Option("--person", help="Only this person; several times for several.")
    ] = None,
    owner: Of = FIRST_ADMINISTRATOR,
) -> None:
    """Save people with consents, voiceprints and samples: to move them, or to answer an access request."""

    async def save(service: Service) -> "Exported":
        from scribe.services import voice_transfer

        who = await principal_of(service.units, owner)
        chosen = [(await person_named(service.units, who, name)).id for name in person or ()]
        ids = list(dict.fromkeys(chosen)) if person else None
        return await voice_transfer.export(service.units, service.storage, who, file.expanduser(), ids)

    report = run(save)
    typer.echo(f"{file}: {report.people} people, {report.voiceprints} voiceprints, {report.samples} samples")
    for print_id in report.lost:
        sys.stderr.write(f"! The sample of voiceprint {print_id} is missing in the storage; the rest is saved.\n")


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE_OR_FOLDER", help="What `export` made, or clips: Name.wav or Name/*.wav.")
    ],
    is_again: Annotated[
        bool, typer.Option("--again", help="Also people who were forgotten here: they want to come back.")
    ] = False,
    given_by: ByConsent = None,
    text_version: voice_clips.TextVersion = None,
    is_shared: voice_clips.IsShared = False,
    is_forced: voice_clips.IsForced = False,
    owner: Of = FIRST_ADMINISTRATOR,
) -> None:
    """Bring in people of another installation, or enrol everybody in a folder of clips.

    An export is verified before anything is changed, and leaves alone who is here already.
    """
    if source.expanduser().is_dir():
        consent = voice_clips.consent_of(given_by, text_version)
        voice_clips.enrol_folder(source.expanduser(), owner, consent=consent, is_shared=is_shared, is_forced=is_forced)
        return

    async def bring_in(service: Service) -> "Imported":
        from scribe.services import voice_transfer
        from scribe.worker.wiring import voice_model

        who = await principal_of(service.units, owner)
        return await voice_transfer.bring_in(
            service.units,
            service.storage,
            who,
            source.expanduser(),
            model=voice_model(service.settings),
            settings=service.settings.voices,
            is_again=is_again,
        )

    report = run(bring_in)
    typer.echo(f"{len(report.people)} people, {report.voiceprints} voiceprints")
    if report.stale:
        sys.stderr.write(
            f"! {report.stale} of them are of another model: a worker makes them again from their samples; until then "
            "they are compared with nothing.\n"
        )
    for name in report.present:
        sys.stderr.write(f"! {name} is here already, and stays as is.\n")
    for name in report.without_consent:
        sys.stderr.write(f"! {name} has given no consent that is active: the voiceprints were left out.\n")


# ----------------------------------------------------------------------------------------------------------------------


async def _found(units: "UnitOfWorkFactory", owner: str, name: str) -> Person:
    return await person_named(units, await principal_of(units, owner), name)


async def _found_with_merged(units: "UnitOfWorkFactory", owner: str, name: str) -> tuple[Person, list[PersonId]]:
    """And the entries that were merged into this one: older backups hold them."""
    person = await _found(units, owner, name)
    async with units() as unit:
        return person, await unit.people.merged_ids(person.id)


def _withdraw(name: str, owner: str, *, is_sure: bool) -> None:
    person = with_units(lambda units: _found(units, owner, name))
    if not is_sure:
        question = f"Erase the voice of {person.name} ({person.num_voiceprints} voiceprints)?"
        typer.confirm(question, abort=True, err=True)

    async def withdraw(service: Service) -> int:
        from scribe.services import forgetting, people
        from scribe.services.housekeeping import purge

        who = await principal_of(service.units, owner)
        active = [one for one in await people.consents(service.units, who, person.id) if one.is_active]
        for one in active:
            await people.withdraw_consent(service.units, who, person.id, one.id)
        await forgetting.store_tombstones(service.units, service.storage)
        await purge(service.units, service.storage)
        return len(active)

    if run(withdraw) == 0:
        raise NotFoundError(f"{person.name} has given no consent that is active.")
    typer.echo(f"{person.name} withdrew consent: the voice is erased, the entry and the names in minutes stay.")


def _tell_backups(folder: Path | None, ids: Sequence[PersonId]) -> None:
    if folder is None:
        typer.echo("Backups may still hold the person: restoring one forgets again. `--backups DIR` names them.")
        return
    from scribe.services.backup import backups_holding

    found = [backups_holding(folder, person_id) for person_id in ids]
    holding = sorted({path for one in found for path in one.holding})
    for path in holding:
        typer.echo(f"{path} still holds the person: delete it, or keep in mind that restoring it forgets again.")
    for path in found[0].unreadable:
        sys.stderr.write(f"! {path} cannot be read: nobody can tell whom it holds.\n")
    if not holding:
        typer.echo(f"No backup in {folder} holds the person.")


def _row(person: Person) -> dict[str, Any]:
    return {
        "id": str(person.id),
        "name": person.name,
        "aliases": list(person.aliases),
        "note": person.note,
        "voices": person.num_voiceprints,
        "speech_s": round(person.speech_s, 1),
        "consent": person.has_consent,
        "shared": person.is_shared,
        "changed_at": person.updated_at,
    }


def _consent_row(consent: "Consent") -> dict[str, Any]:
    return {
        "id": str(consent.id),
        "given_by": consent.given_by,
        "text": consent.text_version,
        "given_at": consent.given_at,
        "withdrawn_at": consent.withdrawn_at,
    }


def _voice_row(stored: "StoredVoiceprint") -> dict[str, Any]:
    return {
        "id": str(stored.id),
        "origin": str(stored.origin),
        "learned": stored.is_learned,
        "speech_s": round(stored.voiceprint.speech_s, 1),
        "snr_db": None if stored.quality.snr_db is None else round(stored.quality.snr_db),
        "model": stored.voiceprint.model,
        "stale": stored.is_stale,
        "created_at": stored.created_at,
    }
