"""Every command of docs/api.md, run as it stands, on the real service. The models are fake: the commands are meant."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from chaos.stack import Plan, Stack
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "api.md"
TIMEOUT_S = 240
TELL_STATUS = """\
curl() { command curl --show-error --write-out '%{stderr}answered %{http_code} %{url_effective}\\n' "$@"; }
"""


def commands(url: str) -> str:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    script = "\n".join(blocks)
    assert "URL=http://127.0.0.1:8000\n" in script
    script = script.replace("URL=http://127.0.0.1:8000\n", f"URL={url}\n")
    script, tokens = re.subn(r"\$\(\.venv/bin/scribe token create[^)]*\)", '"$GIVEN_TOKEN"', script)
    assert tokens == 2
    return f"set -eu\n{TELL_STATUS}{script}".replace("samples/", f"{REPOSITORY}/samples/")


@pytest.mark.e2e
def test_every_command_of_the_page_works(tmp_path: Path) -> None:
    with Stack(Plan(num_workers=1, engines="fake", is_durable=False)) as stack:
        made = subprocess.run(
            ["sh", "-c", commands(stack.url)],
            cwd=tmp_path,
            env={**os.environ, "GIVEN_TOKEN": stack.token},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert made.returncode == 0, made.stderr[-3000:]
    answers = re.findall(r"^answered (\d+) (\S+)$", made.stderr, re.MULTILINE)
    assert len(answers) >= 42, made.stderr[-3000:]
    refused = [(status, address) for status, address in answers if int(status) >= 400]
    assert [status for status, _ in refused] == ["422"], refused
    assert refused[0][1].endswith("/not-an-id")
    assert '"meeting_id"' in (tmp_path / "upload.json").read_text()
    # The fake engines hear pitch, where the real ones hear June: see test_voice_bank.py.
    assert '"status":"REFUSED"' in (tmp_path / "enrolment.json").read_text()
    assert '"label":"SPEAKER_00"' in (tmp_path / "speakers.json").read_text()
    assert '"June"' in (tmp_path / "june.json").read_text()
    assert "event: meeting.created" in made.stdout
    assert made.stdout.count("event: meeting.snapshot") == 1
    assert (tmp_path / "minutes.md").read_text().startswith("#")
    assert "scribe_meetings{" in (tmp_path / "metrics.txt").read_text()
    assert (tmp_path / "beginning.bin").read_bytes()[:4] == b"fLaC"
