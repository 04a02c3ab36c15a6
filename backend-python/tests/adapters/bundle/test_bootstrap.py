"""An installation is whole or not there: side by side, back again, killed in the middle, on the wrong machine."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scribe.adapters.bundle import archive, bootstrap
from scribe.adapters.bundle.bootstrap import InstallError
from tests.adapters.bundle.packs import pack


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Versions 1 and 2, unpacked; nobody changes them."""
    folder = tmp_path_factory.mktemp("packs")
    return {
        "1": archive.unpack(pack(folder, "1"), folder / "one"),
        "2": archive.unpack(pack(folder, "2", model=b"better weights"), folder / "two"),
    }


def said(prefix: Path) -> str:
    return subprocess.run([prefix / "bin" / "scribe"], capture_output=True, text=True, check=True).stdout.strip()


def install(folder: Path, prefix: Path) -> str:
    return bootstrap.install(folder, prefix, is_compiling=False, told=lambda _: None)


@pytest.fixture(scope="module")
def prefix(unpacked: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With version 1 in it."""
    folder = tmp_path_factory.mktemp("prefix") / "with a space"
    install(unpacked["1"], folder)
    return folder


def test_upgrade_side_by_side_and_back(unpacked: dict[str, Path], prefix: Path) -> None:
    one = str(bootstrap.current(prefix))
    assert said(prefix) == "scribe 1"
    made = (prefix / "versions" / one / "installed.json").stat().st_mtime_ns
    assert install(unpacked["1"], prefix) == one
    assert (prefix / "versions" / one / "installed.json").stat().st_mtime_ns == made, "it was there already"
    two = install(unpacked["2"], prefix)
    assert said(prefix) == "scribe 2"
    assert bootstrap.versions(prefix) == [one, two]
    assert (prefix / "models" / "tiny" / "model.bin").read_bytes() == b"better weights"
    bootstrap.activate(prefix, one)
    assert (said(prefix), bootstrap.current(prefix)) == ("scribe 1", one)
    with pytest.raises(InstallError, match="not installed"):
        bootstrap.activate(prefix, "3")


def test_the_script_of_the_pack_does_it_alone(unpacked: dict[str, Path], tmp_path: Path) -> None:
    """Python and nothing else: not the product, not its libraries, not pip."""
    command = [sys.executable, "-I", "-S", unpacked["1"] / "install.py", "--prefix", tmp_path / "p", "--no-compile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert said(tmp_path / "p") == "scribe 1"
    assert f"{tmp_path}/p/bin/scribe up" in done.stdout


def test_killed_in_the_middle_the_old_one_stays_and_the_next_run_ends_it(
    unpacked: dict[str, Path], prefix: Path
) -> None:
    one = install(unpacked["1"], prefix)
    for folder in (prefix / "versions").glob("2-*"):
        shutil.rmtree(folder)
    command = [sys.executable, unpacked["2"] / "install.py", "--prefix", prefix, "--no-compile"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list((prefix / "versions").glob("2-*/venv/bin/python")):
        assert time.monotonic() < deadline
        assert child.poll() is None
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert (bootstrap.current(prefix), bootstrap.versions(prefix)) == (one, [one])
    assert said(prefix) == "scribe 1"
    install(unpacked["2"], prefix)
    assert said(prefix) == "scribe 2"


def test_a_damaged_model_is_replaced(unpacked: dict[str, Path], prefix: Path) -> None:
    install(unpacked["1"], prefix)
    model = prefix / "models" / "tiny" / "model.bin"
    model.write_bytes(b"weighTs")
    install(unpacked["1"], prefix)
    assert model.read_bytes() == b"weights"


@pytest.mark.parametrize("what", ["damaged", "missing", "added", "link"])
def test_a_folder_that_is_not_as_it_was_packed_is_refused(tmp_path: Path, what: str) -> None:
    folder = archive.unpack(pack(tmp_path, "1"), tmp_path / "one")
    victim = next((folder / "wheels").glob("smart*"))
    if what == "damaged":
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    elif what == "link":
        victim.rename(tmp_path / "elsewhere")
        victim.symlink_to(tmp_path / "elsewhere")
    elif what == "missing":
        victim.unlink()
    else:
        (folder / "wheels" / "evil-1-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(InstallError, match="get the pack again"):
        install(folder, tmp_path / "p")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"platform": "linux-s390x"}, "is for linux-s390x"),
        ({"python": ["3.99"]}, r"for Python 3\.99"),
        ({"glibc": "9.99"}, r"needs glibc 9\.99"),
        ({"installed_bytes": 10**18}, "MB are needed"),
    ],
)
def test_the_wrong_machine_is_said_at_once(tmp_path: Path, facts: dict[str, object], sentence: str) -> None:
    folder = archive.unpack(pack(tmp_path, "1", **facts), tmp_path / "one")
    with pytest.raises(InstallError, match=sentence):
        install(folder, tmp_path / "p")
    assert bootstrap.versions(tmp_path / "p") == []


def test_two_installations_at_once_do_not_mix(unpacked: dict[str, Path], tmp_path: Path) -> None:
    with bootstrap.locked(tmp_path / "p"), pytest.raises(InstallError, match="under way"):
        install(unpacked["1"], tmp_path / "p")
