"""``scribe audit`` and ``scribe retention`` on a real database."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.cli import build_app
from scribe.domain import layout
from scribe.domain.audit import Action
from scribe.domain.errors import OptionError
from tests.cli.inside import on
from tests.conftest import add_user
from tests.pending_meetings import add_meeting

Command = Callable[..., Result]


@pytest.fixture
def scribe(database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SCRIBE_STORAGE_URL", str(tmp_path / "files"))
    return lambda *arguments: CliRunner().invoke(build_app(), arguments, env={"COLUMNS": "200"})


async def some_entries(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        for _ in range(3):
            unit.record(Action.TRANSCRIPT_READ)


async def tampered(units: UnitOfWorkFactory) -> None:
    async with units() as unit:
        await unit.session.execute(text("alter table audit_log disable trigger all"))
        await unit.session.execute(text("update audit_log set actor_id = gen_random_uuid() where sequence = 2"))


def test_a_log_is_proved_taken_away_and_its_forger_named(scribe: Command, database_url: str) -> None:
    on(database_url, some_entries)
    head = scribe("audit", "head").stdout.split()
    assert head[0] == "3"
    assert scribe("audit", "verify").exit_code == 0
    taken = scribe("audit", "export")
    lines = [json.loads(line) for line in taken.stdout.splitlines()]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4]
    assert (lines[3]["action"], lines[3]["actor_kind"]) == ("audit.exported", "command")
    assert f"Head 4 {lines[3]['hash']}" in taken.stderr
    assert scribe("audit", "verify", "--head", head[1]).exit_code == 0
    stranger = scribe("audit", "verify", "--head", "ab" * 32)
    assert (stranger.exit_code, "not in this chain" in stranger.stderr) == (1, True)
    assert isinstance(scribe("audit", "verify", "--head", "ab").exception, OptionError)
    on(database_url, tampered)
    broken = scribe("audit", "verify")
    assert broken.exit_code == 1
    assert re.search(r"Entry 2: is not what was written", broken.stderr)


def test_what_would_go_is_listed_and_goes(scribe: Command, database_url: str, tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "files"))

    async def an_old_meeting(units: UnitOfWorkFactory) -> object:
        owner = await add_user(units, "claire")
        finished_at = datetime.now(UTC) - timedelta(days=40)
        columns = {"status": "COMPLETED", "finished_at": finished_at, "keep_audio_days": 30.0}
        meeting_id = await add_meeting(units, owner.user_id, **columns)
        storage.write(layout.recording_key(meeting_id), b"x")
        return meeting_id

    meeting_id = on(database_url, an_old_meeting)
    (listed,) = json.loads(scribe("retention", "--dry-run", "--json").stdout)
    assert (listed["meeting"], listed["what"], listed["is_due"]) == (str(meeting_id), "audio", True)
    assert storage.keys("uploads")
    assert json.loads(scribe("retention", "--json").stdout) == [{"recordings_removed": 1, "meetings_removed": 0}]
    assert not storage.keys("uploads")
    assert json.loads(scribe("retention", "--dry-run", "--json").stdout) == []
