"""The Dockerfile and what it is made of, as far as that can be seen without building an image."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement

from scribe import __version__
from scribe.core.env_file import Choices, render
from scribe.domain import workers
from scribe.worker import check
from tests.conftest import REPOSITORY
from tests.deploy.compose import MAIN

BACKEND = REPOSITORY / "backend-python"
DOCKERFILE = BACKEND / "Dockerfile"
LOCKS = BACKEND / "requirements"
MODEL_LIBRARIES = {"ctranslate2", "faster-whisper", "onnxruntime", "onnxruntime-gpu", "scipy", "tokenizers", "torch"}
LINUX = {
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "python_full_version": "3.11.15",
    "python_version": "3.11",
}


def instructions(stage: str | None = None) -> list[str]:
    """Of one stage, or of all; continued lines are joined."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)).splitlines()
    found, current = [], None
    for line in filter(None, map(str.strip, lines)):
        if begins := re.fullmatch(r"FROM \S+ AS (\S+)", line):
            current = begins[1]
        if stage is None or current == stage:
            found.append(line)
    return found


def locked(name: str) -> dict[str, str]:
    """What a lock installs on Linux with the images' Python."""
    found = {}
    for line in re.sub(r"\\\n", " ", (LOCKS / name).read_text()).splitlines():
        if line and not line.startswith((" ", "#")):
            wanted, *hashes = line.split("--hash=")
            assert hashes, f"{name}: {line} has no hash"
            requirement = Requirement(wanted.strip())
            if requirement.marker is None or requirement.marker.evaluate({**LINUX, "implementation_name": "cpython"}):
                found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


def is_in_context(path: str) -> bool:
    """As `.dockerignore` says it: the last rule that fits a file or a folder above it decides."""
    decided = True
    parts = PurePosixPath(path).parts
    for rule in (REPOSITORY / ".dockerignore").read_text().splitlines():
        pattern = rule.lstrip("!")
        if not rule or rule.startswith("#"):
            continue
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        if pattern.startswith("**/"):
            fits = any(fnmatch(part, pattern.removeprefix("**/")) for part in parts)
        elif "**" in pattern:
            before, _, after = pattern.partition("**/")
            fits = path.startswith(before) and fnmatch(parts[-1], after)
        else:
            fits = any(fnmatch(folder, pattern) and folder.count("/") == pattern.count("/") for folder in above)
        if fits:
            decided = rule.startswith("!")
    return decided


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_everything_that_is_copied_exists_and_reaches_the_build() -> None:
    copied = []
    for line in instructions():
        if line.startswith("COPY ") and "--from=" not in line:
            *sources, _ = [part for part in line.split()[1:] if not part.startswith("--")]
            copied += sources
    assert copied
    for source in copied:
        assert (REPOSITORY / source).exists(), source
        assert is_in_context(source.rstrip("/")), f"{source} is excluded by .dockerignore"
    assert is_in_context("backend-python/scribe/engines/weights/campplus.onnx")
    assert is_in_context("frontend-nextjs/src/app/layout.tsx")


OUTSIDE = [
    ".env",
    ".git/config",
    ".venv/bin/python",
    "data_shared/meeting.flac",
    "models/whisper-base/model.bin",
    "certs/privkey.pem",
    "backups/x",
    "backend-python/tests/conftest.py",
    "backend-python/scribe/__pycache__/x.pyc",
    "frontend-nextjs/node_modules/next/package.json",
    "frontend-nextjs/out/index.html",
    "frontend-nextjs/.env.local",
    "frontend-nextjs/src/lib/format.test.ts",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_secrets_data_and_what_was_built_elsewhere_stay_out_of_the_build(path: str) -> None:
    assert not is_in_context(path)


def test_the_api_has_no_model_library_and_the_worker_no_torch() -> None:
    assert not MODEL_LIBRARIES & locked("api.txt").keys()
    assert locked("worker.txt").keys() & MODEL_LIBRARIES == MODEL_LIBRARIES - {"torch", "onnxruntime-gpu"}
    assert not [name for name in locked("worker.txt") if name.startswith("nvidia-")]
    assert locked("api.txt").items() <= locked("worker.txt").items(), (
        "one table of the database, one code that reads it"
    )


def test_the_card_has_one_onnx_runtime_and_all_of_cuda_12() -> None:
    found = locked("worker-gpu.txt")
    assert "onnxruntime" not in found
    assert "torch" not in found
    major, minor = map(int, found["onnxruntime-gpu"].split(".")[:2])
    assert (major, minor) < (1, 27), "built for CUDA 13 from there on; CTranslate2 4 wants 12"
    cuda = {name: version for name, version in found.items() if name.startswith("nvidia-") and name != "nvidia-ml-py"}
    assert {"nvidia-cublas-cu12", "nvidia-cudnn-cu12", "nvidia-cufft-cu12", "nvidia-cuda-runtime-cu12"} <= cuda.keys()
    assert all(name.endswith("-cu12") for name in cuda)
    assert cuda["nvidia-cudnn-cu12"].startswith("9.")
    same = {name for name, version in locked("worker.txt").items() if found.get(name) == version}
    assert locked("worker.txt").keys() - same == {"onnxruntime"}, "the workers differ by more than the card"


def test_every_install_is_by_hash_but_the_one_that_says_so() -> None:
    for line in instructions():
        for install in re.findall(r"pip install [^&;]*", line):
            by_hash = "--require-hashes --no-deps -r" in install
            our_own_wheel = "--no-index --no-deps /dist/" in install
            assert by_hash or our_own_wheel or '"$TORCH"' in install, install
    used = {name for line in instructions() for name in re.findall(r"requirements/(\S+\.txt)", line)}
    assert used == {"api.txt", "worker.txt", "worker-gpu.txt", "build.txt", "client.txt", "node.txt"}
    for name in used:
        assert locked(name)


@pytest.mark.parametrize("target", ["api", "worker", "worker-gpu"])
def test_an_image_runs_as_nobody_is_watched_and_brings_no_compiler(target: str) -> None:
    found = instructions("runtime") + instructions(target)
    assert [line for line in found if line.startswith("USER ")][-1] == "USER 10001:10001"
    assert any(line.startswith("HEALTHCHECK ") for line in found)
    assert "STOPSIGNAL SIGTERM" in found
    assert 'ENTRYPOINT ["scribe"]' in found
    assert any("org.opencontainers.image.version" in line for line in found)
    text = " ".join(found)
    assert not re.search(r"\b(gcc|build-essential|curl|git)\b", text)
    assert f"COPY --from={target}-env /opt/scribe /opt/scribe" in found


def test_the_base_image_and_the_version_are_the_same_everywhere() -> None:
    image = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert image is not None
    assert f"${{PYTHON_IMAGE:-{image[1]}}}" in (REPOSITORY / MAIN).read_text()
    assert f"# PYTHON_IMAGE={image[1]}\n" in render(Choices())
    assert f"ARG VERSION={__version__}" in DOCKERFILE.read_text()
    assert f"# IMAGE_TAG={__version__}\n" in render(Choices())
    defaults = set(
        re.findall(
            r"\$\{([A-Z0-9]+_IMAGE):-([^}]+)\}", "".join(p.read_text() for p in REPOSITORY.glob("*compose*.yml"))
        )
    )
    assert {f"# {name}={value}" for name, value in defaults} <= set(render(Choices()).splitlines())


def test_the_health_check_of_a_worker_means_what_the_others_mean_by_alive() -> None:
    assert check.SILENT_S == workers.SILENT_S


def test_the_wheel_holds_the_web_interface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_next/static").mkdir(parents=True)
    (tmp_path / "index.html").write_text("<html></html>")
    (tmp_path / "_next/static/a.js").write_text("1")
    (tmp_path / ".built").touch()
    monkeypatch.setenv("WEB_EXPORT", str(tmp_path))
    data: dict[str, Any] = {"force_include": {}}
    _hook().initialize("standard", data)
    assert data["force_include"] == {
        str(tmp_path / "index.html"): "scribe/web/index.html",
        str(tmp_path / "_next/static/a.js"): "scribe/web/_next/static/a.js",
    }


def test_a_wheel_without_a_web_interface_is_refused_unless_asked_for_and_an_editable_install_never_needs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = _hook()
    monkeypatch.setenv("WEB_EXPORT", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="run `make web`"):
        hook.initialize("standard", {"force_include": {}})
    editable: dict[str, Any] = {"force_include": {}}
    hook.initialize("editable", editable)
    monkeypatch.setenv("WEB_EXPORT", "none")
    hook.initialize("standard", editable)
    assert editable == {"force_include": {}}


def _hook() -> Any:
    from hatchling.builders.wheel import WheelBuilder
    from hatchling.plugin.manager import PluginManager

    builder = WheelBuilder(str(BACKEND), plugin_manager=PluginManager())
    (hook,) = builder.get_build_hooks("/").values()
    return hook
