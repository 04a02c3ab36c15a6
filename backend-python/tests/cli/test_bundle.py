"""``scribe bundle``: what it says and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scribe.cli import build_app
from scribe.domain.errors import BundleError, BundleMakingError, OptionError
from tests.adapters.bundle.packs import pack


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack(tmp_path_factory.mktemp("packs"), "1")


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(build_app(), ["bundle", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_a_whole_pack_is_shown_with_the_sum_to_compare(packed: Path) -> None:
    facts = json.loads(run("verify", packed, "--json"))
    assert facts["sha256"] in run("verify", packed)
    assert (facts["version"], facts["root"]) == ("1", "scribe-1")


def test_another_sum_than_one_was_told_is_refused(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not what you were told"):
        run("verify", packed, "--sha256", "0" * 64)
    with pytest.raises(BundleError, match="not what you were told"):
        run("install", packed, "--prefix", tmp_path / "p", "--sha256", "0" * 64)
    assert not (tmp_path / "p" / "versions").exists()


def test_it_is_installed_listed_and_made_current(packed: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "p"
    assert "is installed in" in run("install", packed, "--prefix", prefix, "--no-compile")
    facts = json.loads(run("versions", "--prefix", prefix, "--json"))
    assert facts["versions"] == [facts["current"]]
    assert "is current" in run("activate", facts["current"], "--prefix", prefix)
    assert not list(prefix.glob(".unpacked*")), "what was unpacked is gone"
    with pytest.raises(BundleError, match="not installed"):
        run("activate", "0.0.1", "--prefix", prefix)


def test_a_damaged_pack_changes_nothing(packed: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(packed.read_bytes()[:-20_000])
    with pytest.raises(BundleError, match="cut off"):
        run("install", damaged, "--prefix", tmp_path / "p")
    assert not list((tmp_path / "p").glob("[!.]*"))


def test_what_cannot_be_made_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="linux-aarch64"):
        run("create", tmp_path / "pack.tar", "--platform", "amiga")
    with pytest.raises(BundleMakingError, match="checkout"):
        run("create", tmp_path / "pack.tar", "--source", tmp_path)
    with pytest.raises(OptionError, match="in a folder"):
        run("create", tmp_path / "nowhere" / "pack.tar")
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip is told of an index at a port where nobody listens, and of nothing else."""
    requirements = tmp_path / "backend-python" / "requirements"
    requirements.mkdir(parents=True)
    (requirements / "runtime.txt").write_text(f"numpy==2.4.6 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BundleMakingError, match="cannot be reached"):
        run("create", tmp_path / "pack.tar", "--source", tmp_path, "--cache", tmp_path / "cache")
