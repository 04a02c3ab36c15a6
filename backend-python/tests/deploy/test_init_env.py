"""``scribe init-env``: a file that Compose takes as it is, with passwords of its own, that nobody else can read."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scribe.cli import build_app
from scribe.core.env_file import PASSWORD_LENGTH, SECRETS, Choices, render, write
from scribe.domain.errors import OptionError
from tests.conftest import REPOSITORY
from tests.deploy.compose import EXTRAS, MAIN, VALUES, run

PROGRAM = REPOSITORY / "backend-python/scribe/core/env_file.py"


def secrets_of(text: str) -> dict[str, str]:
    return {name: value for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE) if name in SECRETS}


def test_compose_takes_the_file_as_it_is_and_every_password_arrives(tmp_path: Path) -> None:
    write(tmp_path / ".env", render(Choices(cores=16)))
    made = secrets_of((tmp_path / ".env").read_text())
    address = {"SCRIBE_API__PUBLIC_URL": VALUES["SCRIBE_API__PUBLIC_URL"]}
    code, shown, complaint = run((MAIN, *EXTRAS), address, tmp_path / ".env")
    assert code == 0, complaint
    found = json.loads(shown)["services"]
    assert found["postgres"]["environment"]["POSTGRES_PASSWORD"] == made["POSTGRES_PASSWORD"]
    assert f":{made['POSTGRES_PASSWORD']}@postgres:5432/" in found["api"]["environment"]["DATABASE_URL"]
    assert f":{made['REDIS_PASSWORD']}@redis:6379/" in found["worker"]["environment"]["REDIS_URL"]
    assert found["s3"]["environment"]["AWS_SECRET_ACCESS_KEY"] == made["S3_SECRET_ACCESS_KEY"]
    assert found["worker"]["cpus"] == 16


def test_passwords_are_long_need_no_escaping_and_are_never_the_same() -> None:
    first, second = secrets_of(render(Choices())), secrets_of(render(Choices()))
    assert first.keys() == set(SECRETS)
    for name, value in first.items():
        assert re.fullmatch(r"[A-Za-z0-9]+", value), name
        assert len(value) >= (20 if name == "S3_ACCESS_KEY_ID" else PASSWORD_LENGTH)
    assert len({*first.values(), *second.values()}) == 2 * len(SECRETS)


def test_only_the_owner_can_read_it_and_a_second_call_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(build_app(), ["init-env"])
    assert done.exit_code == 0, done.output
    assert "docker compose up -d --build" in done.stderr
    before = (tmp_path / ".env").read_bytes()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert not [value for value in secrets_of(before.decode()).values() if value in done.output], (
        "shown on the terminal"
    )
    again = CliRunner().invoke(build_app(), ["init-env"])
    assert isinstance(again.exception, OptionError)
    assert "nothing was changed" in str(again.exception)
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
    assert (tmp_path / ".env").read_bytes() == before


def test_by_force_the_old_file_is_kept_as_closed_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "production.env"
    write(file, "POSTGRES_PASSWORD=old\n")
    done = CliRunner().invoke(build_app(), ["init-env", "--file", str(file), "--force"])
    assert done.exit_code == 0, done.output
    (kept,) = tmp_path.glob("production.env.before-*")
    assert kept.read_text() == "POSTGRES_PASSWORD=old\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert str(kept) in "".join(done.stderr.split("\n"))
    assert "POSTGRES_PASSWORD=old" not in file.read_text()


def test_to_standard_output_for_a_host_that_has_only_docker() -> None:
    done = CliRunner().invoke(build_app(), ["init-env", "-"])
    assert secrets_of(done.stdout).keys() == set(SECRETS)


def test_the_file_is_a_program_that_needs_nothing_installed(tmp_path: Path) -> None:
    with PROGRAM.open() as source:  # as `docker run -i python ... python - < env_file.py` does it
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-"], stdin=source, cwd=tmp_path, capture_output=True, text=True, check=True
        )
    assert secrets_of(done.stdout).keys() == set(SECRETS)
    assert all(secrets_of(done.stdout).values())


def test_the_example_is_the_same_text_without_secrets() -> None:
    assert (REPOSITORY / ".env.example").read_text() == render(Choices(is_example=True))
    assert set(secrets_of((REPOSITORY / ".env.example").read_text()).values()) == {""}
