"""The whole way of an air-gap pack: made here, installed and used where there is no network, while every attempt
to leave is seen.

What this proves, on every run: the pack is complete (all wheels of the lock, the product built from this checkout with
its web interface, the default models), its bill of materials is valid, it installs with nothing but Python, and a
meeting is written by the real models without one packet, one question for a name, to anywhere but loopback.
`make air-gap` does the same with bytecode and the whole sample. Only `scribe bundle create` uses the network here: that
is what it is for.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cyclonedx.schema
import jsonschema
import pytest
import referencing
import referencing.jsonschema

from airgap import canary, namespace, pages
from scribe.adapters.bundle import archive
from tests.conftest import REPOSITORY
from tests.e2e.talk import talk

BACKEND = REPOSITORY / "backend-python"
TIMEOUT_S = 900
SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    target = tmp_path_factory.mktemp("pack") / "scribe.tar"
    command = [sys.executable, "-c", "from scribe.cli import main; main()", "bundle", "create", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    yield target
    target.unlink()


def proof(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "airgap", *map(str, arguments)]
    return subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)


@pytest.fixture
def _namespace() -> None:
    obstacle = namespace.why_not()
    if obstacle is not None:
        pytest.skip(f"THE AIR-GAP PROOF WAS NOT RUN: {obstacle}")


@pytest.mark.real
@pytest.mark.usefixtures("_namespace")
def test_a_meeting_is_written_and_nothing_tries_to_leave(pack: Path, tmp_path: Path) -> None:
    clip = tmp_path / "talk.wav"
    clip.write_bytes(talk(tmp_path, [("June", 0, 8)]))
    facts = tmp_path / "facts.json"
    done = proof(pack, "--clip", clip, "--json", facts)
    assert facts.exists(), done.stdout + done.stderr
    found = json.loads(facts.read_text())
    assert found["attempts"] == [], "something tried to leave this machine"
    assert found["failure"] is None, found["failure"]
    assert len(found["transcript"].split()) > 5, found["transcript"]


@pytest.mark.usefixtures("_namespace")
def test_the_watch_sees_who_tries_to_leave() -> None:
    """The proof is worth what its watch sees: TCP, UDP, multicast, IPv6, and a question for a name."""
    done = proof("--canary")
    assert done.returncode == 0, done.stdout + done.stderr
    blind = subprocess.run(
        [sys.executable, "-c", BLIND], cwd=BACKEND, capture_output=True, text=True, check=True, timeout=TIMEOUT_S
    )
    assert set(json.loads(blind.stdout)) >= {canary.TCP_V4, canary.NAME}, "what was not tried is not seen"


BLIND = """\
import json, sys
from airgap import namespace
from airgap.__main__ import watched_canary
namespace.enter()
print(json.dumps(sorted(watched_canary([sys.executable, "-c", "pass"]))))
"""


def test_the_pack_is_complete_and_says_what_is_in_it(pack: Path, tmp_path: Path) -> None:
    folder = archive.unpack(pack, tmp_path / "unpacked")
    bill = json.loads((folder / "sbom.cdx.json").read_text())
    validate(bill)
    by_ref = {one["bom-ref"]: one for one in bill["components"]}
    described = {
        reference["url"]
        for one in [bill["metadata"]["component"], *by_ref.values()]
        for reference in one.get("externalReferences", [])
    }
    assert described == {f"wheels/{path.name}" for path in (folder / "wheels").iterdir()}
    kinds = {ref.partition(":")[0] for ref in by_ref}
    assert kinds == {"python", "npm", "model", "program"}
    assert {"program:postgresql@18.6", "model:whisper-base", "npm:node_modules/react"} <= by_ref.keys()
    reachable, waiting = set(), [bill["metadata"]["component"]["bom-ref"]]
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    while waiting:
        ref = waiting.pop()
        if ref not in reachable:
            reachable.add(ref)
            waiting += needs[ref]
    assert by_ref.keys() <= reachable, "everything is there because something needs it"
    listed = json.loads((folder / "licences" / "licences.json").read_text())
    assert {(one["name"], one["version"]) for one in listed} >= {
        (ref.partition(":")[2].rpartition("@")[0], one["version"]) for ref, one in by_ref.items() if "python:" in ref
    }
    assert len([one for one in listed if not one["texts"]]) < len(listed) / 10


def validate(bill: dict[str, Any]) -> None:
    """Against the schema of CycloneDX 1.6, as its authors publish it."""
    resources = [
        (
            f"http://cyclonedx.org/schema/{path.name}",
            referencing.jsonschema.DRAFT7.create_resource(json.loads(path.read_text())),
        )
        for path in SCHEMAS.glob("*.schema.json")
    ]
    schema = json.loads((SCHEMAS / "bom-1.6.SNAPSHOT.schema.json").read_text())
    registry: referencing.Registry[Any] = referencing.Registry().with_resources(resources)
    jsonschema.Draft7Validator(schema, registry=registry).validate(bill)


def test_the_web_interface_loads_nothing_from_elsewhere() -> None:
    assert pages.loaded_from_elsewhere(REPOSITORY / "frontend-nextjs" / "out") == []


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        "<style>@import url(https://fonts.example/x.css)</style>",
        "<style>a { background: url('//cdn.example/x.png') }</style>",
        "<script>fetch('https://statistics.example/')</script>",
        "<script>new WebSocket('wss://live.example')</script>",
    ],
)
def test_a_page_that_does_is_found(tmp_path: Path, page: str) -> None:
    (tmp_path / "index.html").write_text(f"<html>{page}</html>")
    assert pages.loaded_from_elsewhere(tmp_path)


def test_a_policy_that_opens_a_way_out_is_found() -> None:
    assert pages.too_open("default-src 'self'; connect-src 'self'") == []
    assert pages.too_open("default-src 'self'; connect-src 'self' https://statistics.example")
    assert pages.too_open("script-src 'self'"), "what is not named falls back to everything"
