import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from scribe.cli.models import ModelsContext, app
from scribe.domain.errors import ModelMissingError, ModelPullError, ModelUnknownError, OptionError
from tests.hub_server import COMMIT, Hub, serving
from tests.tiny_models import CONTENT, catalog_of, tiny_model

Command = Callable[..., Result]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving({("org/tiny", COMMIT): CONTENT, ("org/other", COMMIT): CONTENT}) as hub:
        yield hub


@pytest.fixture
def scribe_models(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("SCRIBE_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    context = ModelsContext(catalog_of(tiny_model(is_default=True), tiny_model("other")))
    return lambda *arguments: CliRunner().invoke(app, arguments, obj=context, env={"COLUMNS": "200"})


def test_list_shows_what_is_installed_and_what_is_not(scribe_models: Command) -> None:
    assert scribe_models("pull", "tiny").exit_code == 0
    listed = {row["name"]: row for row in json.loads(scribe_models("list", "--json").stdout)}
    assert listed["tiny"]["state"] == "installed"
    assert Path(listed["tiny"]["path"]).is_dir()
    assert listed["other"] | {"state": "missing", "path": None, "licence": "MIT"} == listed["other"]
    table = scribe_models("list").stdout
    assert "tiny" in table
    assert "installed" in table


def test_the_real_catalogue_can_be_listed(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["list", "--json", "--models-dir", str(tmp_path)])
    states = {row["name"]: row["state"] for row in json.loads(done.stdout)}
    assert states["campplus"] == "installed"
    assert states["whisper-large-v3"] == "missing"


def test_pull_default_installs_what_the_default_pipeline_needs(scribe_models: Command) -> None:
    done = scribe_models("pull", "--default", "--json")
    assert [record["name"] for record in json.loads(done.stdout)] == ["tiny"]


def test_pull_says_where_the_model_is(scribe_models: Command, tmp_path: Path) -> None:
    assert str(tmp_path / "models" / "tiny") in scribe_models("pull", "tiny").stdout.replace("\n", "")


def test_pulling_twice_asks_the_network_once(scribe_models: Command, hub: Hub) -> None:
    scribe_models("pull", "tiny", "other")
    asked = len(hub.requests)
    assert scribe_models("pull", "tiny", "other").exit_code == 0
    assert len(hub.requests) == asked


def test_pull_from_a_folder_uses_no_network(scribe_models: Command, hub: Hub, tmp_path: Path) -> None:
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    assert scribe_models("pull", "tiny", "--from", str(tmp_path)).exit_code == 0
    assert hub.requests == []


def test_another_revision_is_marked_as_trusted_on_first_use(scribe_models: Command, hub: Hub) -> None:
    hub.refs["main"] = COMMIT
    assert "Trusted on first use" in scribe_models("pull", "tiny", "--revision", "main").stdout


def test_an_option_given_wins_over_the_environment(scribe_models: Command, tmp_path: Path) -> None:
    scribe_models("pull", "tiny", "--models-dir", str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "tiny" / "model.bin").is_file()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["pull"], OptionError),
        (["pull", "huge"], ModelUnknownError),
        (["pull", "tiny", "other", "--revision", "main"], OptionError),
        (["pull", "tiny", "--from", "nowhere"], ModelPullError),
        (["pull", "tiny", "--revision", "nope"], ModelPullError),
        (["path", "tiny"], ModelMissingError),
        (["verify", "huge"], ModelUnknownError),
    ],
)
def test_failures_are_our_errors_with_a_sentence(
    scribe_models: Command, arguments: list[str], error: type[Exception]
) -> None:
    done = scribe_models(*arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, error)
    assert str(done.exception).endswith((".", "them."))


def test_one_unknown_name_stops_everything_before_it_starts(scribe_models: Command, hub: Hub) -> None:
    scribe_models("pull", "tiny", "huge")
    assert hub.requests == []


def test_verify_passes_what_is_intact_and_names_what_is_not(scribe_models: Command, tmp_path: Path) -> None:
    scribe_models("pull", "tiny", "other")
    assert scribe_models("verify").exit_code == 0
    weights = tmp_path / "models" / "tiny" / "model.bin"
    weights.write_bytes(weights.read_bytes()[::-1])
    done = scribe_models("verify", "--json")
    assert done.exit_code == 1
    verdicts = {verdict["name"]: verdict for verdict in json.loads(done.stdout)}
    assert verdicts["other"]["is_intact"]
    assert (verdicts["tiny"]["is_intact"], verdicts["tiny"]["code"]) == (False, "model.corrupt")
    assert "scribe models pull tiny" in scribe_models("verify").stdout


def test_verify_of_a_missing_model_fails(scribe_models: Command) -> None:
    done = scribe_models("verify", "tiny")
    assert done.exit_code == 1
    assert "not installed" in done.stdout


def test_path_prints_the_path_alone(scribe_models: Command, tmp_path: Path) -> None:
    scribe_models("pull", "tiny")
    assert scribe_models("path", "tiny").stdout == f"{tmp_path / 'models' / 'tiny'}\n"


def test_the_shell_completes_model_names() -> None:
    completion = {"_ROOT_COMPLETE": "complete_bash", "COMP_WORDS": "root pull whisper-large-v3-t", "COMP_CWORD": "2"}
    done = CliRunner().invoke(app, [], prog_name="root", env=completion)
    assert done.stdout.split() == ["whisper-large-v3-turbo"]
