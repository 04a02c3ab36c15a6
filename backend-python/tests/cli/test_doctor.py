"""The doctor says what is missing and how to get it, of the engine and of the service."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scribe.adapters.servers.children import free_port
from scribe.cli import build_app
from scribe.cli.doctor import examine
from scribe.cli.doctor_service import examine_service
from scribe.cli.finding import Finding
from scribe.core.config import Settings, load_settings

Examine = Callable[..., dict[str, Finding]]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    for name in ("DATABASE_URL", "REDIS_URL", "SCRIBE_STORAGE_URL", "SCRIBE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)

    def found(**overrides: object) -> dict[str, Finding]:
        settings: Settings = load_settings(
            **{"data_dir": tmp_path / "data", "storage_url": str(tmp_path / "files"), **overrides}
        )
        return {finding.subject: finding for finding in examine_service(settings)}

    return found


def test_a_missing_model_comes_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCRIBE_TRANSCRIPTION__MODEL", raising=False)
    findings = {finding.subject: finding for finding in examine(tmp_path)}
    assert findings["whisper-base"].verdict == "bad"
    assert findings["whisper-base"].remedy == "scribe models pull whisper-base"
    assert findings["segmentation-3.0"].verdict == "good"


def test_an_unknown_setting_is_found_and_the_rest_is_still_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_MODLES_DIR", "/x")
    findings = {finding.subject: finding for finding in examine()}
    assert findings["settings"].verdict == "bad"
    assert "SCRIBE_MODLES_DIR" in findings["settings"].detail
    assert findings["machine"].detail


def test_every_library_is_looked_at() -> None:
    findings = {finding.subject: finding.verdict for finding in examine()}
    assert {findings[name] for name in ("onnxruntime", "ctranslate2", "av")} == {"good"}


def test_a_service_that_does_not_run_is_no_fault(service: Examine) -> None:
    findings = service(api__port=free_port())
    assert (findings["service"].verdict, findings["service"].remedy) == ("note", "scribe up")
    assert findings["PostgreSQL"].detail.startswith("18.")
    assert findings["port"].verdict == "good"
    assert not [finding for finding in findings.values() if finding.verdict == "bad" and finding.subject != "data"]


def test_a_taken_port_comes_with_its_setting(service: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = service(api__port=taken.getsockname()[1])["port"]
    assert finding.verdict == "bad"
    assert "SCRIBE_API__PORT" in finding.remedy


def test_servers_that_answer_are_good_and_no_worker_is_noted(
    service: Examine, database_url: str, redis_url: str
) -> None:
    findings = service(database_url=database_url, redis_url=redis_url)
    for subject in ("PostgreSQL", "tables", "Valkey", "storage", "queue"):
        assert findings[subject].verdict == "good", findings[subject]
    assert findings["workers"].verdict == "note"


def test_tables_of_another_version_come_with_the_command(service: Examine, database_url: str, redis_url: str) -> None:
    empty = database_url.rsplit("/", 1)[0] + "/postgres"
    finding = service(database_url=empty, redis_url=redis_url)["tables"]
    assert (finding.verdict, finding.remedy) == ("bad", "scribe migrate")


def test_servers_that_do_not_answer_are_faults_with_the_variable_to_look_at(service: Examine) -> None:
    findings = service(
        database_url=f"postgresql://x:secret@127.0.0.1:{free_port()}/x",
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        storage_url="/proc/nowhere",
    )
    for subject, variable in (
        ("PostgreSQL", "DATABASE_URL"), ("Redis", "REDIS_URL"), ("storage", "SCRIBE_STORAGE_URL"),
    ):  # fmt: skip
        assert findings[subject].verdict == "bad", findings[subject]
        assert variable in findings[subject].remedy
    assert "secret" not in str(findings)


def test_the_command_prints_all_of_it_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SCRIBE_API__PORT", str(free_port()))
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    findings = json.loads(CliRunner().invoke(build_app(), ["doctor", "--json"]).output)
    assert {"scribe", "machine", "data", "service", "port"} <= {finding["subject"] for finding in findings}
