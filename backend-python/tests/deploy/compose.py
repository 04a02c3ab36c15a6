"""What Compose makes of our files: rendered by the real Compose v5, nothing is guessed from the YAML."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain, combinations
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

COMPOSE = Path(sys.executable).with_name("docker-compose")
MAIN, EXTRAS = "docker-compose.yml", ("compose.gpu.yml", "compose.s3.yml", "compose.tls.yml", "compose.dev.yml")
MONITORING = "compose.monitoring.yml"
COMBINATIONS = [
    *((MAIN, *some) for some in chain.from_iterable(combinations(EXTRAS, count) for count in range(len(EXTRAS) + 1))),
    (MAIN, MONITORING),
    (MAIN, *EXTRAS, MONITORING),
]
"""It meets the others in services that they share with it: alone, and with all of them."""
VALUES = {
    "POSTGRES_PASSWORD": "pg-secret",
    "REDIS_PASSWORD": "redis-secret",
    "S3_ACCESS_KEY_ID": "s3-key",
    "S3_SECRET_ACCESS_KEY": "s3-secret",
    "GRAFANA_PASSWORD": "grafana-secret",
    "SCRIBE_API__PUBLIC_URL": "https://meetings.example.org",
}
ONCE = {"prepare", "models", "migrate", "tools"}
"""Services that end by themselves."""

Rendered = dict[str, Any]


def run(files: tuple[str, ...], values: Mapping[str, str], env_file: Path | None = None) -> tuple[int, str, str]:
    """Exit code, what was rendered, what was complained about."""
    arguments = list(chain.from_iterable(("-f", name) for name in files))
    done = subprocess.run(
        [COMPOSE, "--env-file", env_file or os.devnull, "--profile", "*", *arguments, "config", "--format", "json"],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "HOME": os.devnull, **values},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@lru_cache(maxsize=len(COMBINATIONS))
def rendered(files: tuple[str, ...]) -> Rendered:
    code, shown, complaint = run(files, VALUES)
    assert code == 0, complaint
    found: Rendered = json.loads(shown)
    return found


def services(*extras: str) -> Rendered:
    found: Rendered = rendered((MAIN, *extras))["services"]
    return found
