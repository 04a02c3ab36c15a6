"""The ``.env`` that ``docker compose`` reads: fresh passwords, and every choice an installation has, explained.

Owns its text and its secrets; never reads a setting. Uses the standard library only and is a program by itself, so that
a host with nothing but Docker, or nothing but Python, can run it before anything is installed; ``.env.example`` is the
same text without secrets.

Usage::

    write(Path(".env"), render(Choices()))
    python3 backend-python/scribe/core/env_file.py > .env                                  # on a host with Python
    docker run --rm -i python:3.11.15-slim-bookworm python - < backend-python/scribe/core/env_file.py > .env
"""

import os
import secrets
import string
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

_LETTERS = string.ascii_letters + string.digits
"""A password travels in URLs and in a server's configuration: nothing in it may need escaping there."""
PASSWORD_LENGTH = 43
"""256 bits: 62 ** 43 > 2 ** 256."""
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "GRAFANA_PASSWORD")


@dataclass(frozen=True)
class Choices:
    """What differs between installations; the rest is commented in the file."""

    cores: int = 2
    """Of this machine: the worker may use them."""
    is_example: bool = False
    """Without secrets."""


def render(choices: Choices) -> str:
    """The text of the file."""
    values = {name: "" if choices.is_example else _secret(name) for name in SECRETS}
    return _TEMPLATE.format(cores=choices.cores, **values)


def write(path: Path, text: str, *, may_replace: bool = False) -> "Path | None":
    """Readable by its owner only, whole or not at all. What is replaced is kept under the name that is returned.

    Raises: FileExistsError unless it may be replaced.
    """
    if path.exists() and not may_replace:
        raise FileExistsError(str(path))
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        kept = _put_aside(path)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return kept


def _put_aside(path: Path) -> "Path | None":
    if not path.exists():
        return None
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")  # noqa: UP017 -- hosts have older Pythons
    kept = path.with_name(f"{path.name}.before-{stamp}-{secrets.token_hex(2)}")
    path.rename(kept)
    return kept


def _secret(name: str) -> str:
    length = 20 if name == "S3_ACCESS_KEY_ID" else PASSWORD_LENGTH
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


_TEMPLATE = """\
# What `docker compose` reads. Everybody who can read this file can read every meeting: keep it to yourself (mode 0600),
# and keep a copy where your backups are not.
#
# A change takes effect with `docker compose up -d`. The database keeps the password it was made with: to change
# POSTGRES_PASSWORD later, see docs/deployment.md.

# --- secrets: letters and digits, made up for this installation -----------------------------------
POSTGRES_PASSWORD={POSTGRES_PASSWORD}
REDIS_PASSWORD={REDIS_PASSWORD}
# Used with compose.s3.yml only.
S3_ACCESS_KEY_ID={S3_ACCESS_KEY_ID}
S3_SECRET_ACCESS_KEY={S3_SECRET_ACCESS_KEY}
# With compose.monitoring.yml only: of Grafana's user `admin`, at the first start.
GRAFANA_PASSWORD={GRAFANA_PASSWORD}

# --- which files are used, separated by colons ----------------------------------------------------
# On a card:  docker-compose.yml:compose.gpu.yml      files in S3:          docker-compose.yml:compose.s3.yml
# HTTPS:      docker-compose.yml:compose.tls.yml      for developers:       docker-compose.yml:compose.dev.yml
# Watching:   docker-compose.yml:compose.monitoring.yml                     and any of them together
COMPOSE_FILE=docker-compose.yml

# --- how it is reached ----------------------------------------------------------------------------
HTTP_PORT=80
# HTTP_PORT=127.0.0.1:8080
# With compose.tls.yml: certificate in CERTS_DIR as fullchain.pem and privkey.pem, and the address that users type.
# HTTPS_PORT=443
# CERTS_DIR=./certs
# SCRIBE_API__PUBLIC_URL=https://meetings.example.org
# Between Traefik and the API; choose another where your network has these addresses.
# EDGE_SUBNET=172.30.255.240/28

# --- where it keeps things ------------------------------------------------------------------------
# Recordings and results, models, backups: folders of the host. The database is in the volume postgres_data.
DATA_DIR=./data_shared
MODELS_DIR=./models
BACKUP_DIR=./backups

# --- how much of the machine it may take ----------------------------------------------------------
# Workers, each with one meeting at a time, and the cores each may use (this machine has {cores}, and Docker refuses
# more; workers x cores should not exceed it). Memory of a worker: docs/operations.md has a table by model.
WORKERS=1
WORKER_CPUS={cores}
WORKER_MEMORY=4g
# API_PROCESSES=1
# API_CPUS=1
# API_MEMORY=1g
# POSTGRES_CPUS=1
# POSTGRES_MEMORY=1g
# POSTGRES_SHARED_BUFFERS=256MB
# REDIS_MEMORY=256m
# TRAEFIK_MEMORY=256m
# LOG_MAX_SIZE=20m
# LOG_MAX_FILE=5

# --- how meetings are processed: any setting of docs/configuration.md -----------------------------
SCRIBE_LOG_LEVEL=info
# SCRIBE_TRANSCRIPTION__MODEL=whisper-base
# SCRIBE_LANGUAGE=auto
# SCRIBE_RETENTION__AUDIO_DAYS=30
# SCRIBE_RETENTION__RESULTS_DAYS=365
# SCRIBE_TELEMETRY__OTLP_ENDPOINT=http://collector:4318

# --- a card (compose.gpu.yml) ---------------------------------------------------------------------
# Which one, by the number that `nvidia-smi -L` shows, and how much of its memory a worker may take.
# GPU_ID=0
# SCRIBE_GPU_BUDGET_MB=8000
# SCRIBE_RESIDENCY=keep

# --- S3 (compose.s3.yml) --------------------------------------------------------------------------
# Nothing to set for the bundled SeaweedFS. For an S3 of yours: its keys above, and
# S3_BUNDLED=0
# S3_INTERNAL=false
# S3_ENDPOINT_URL=https://s3.example.org
# S3_REGION=us-east-1
# S3_URL=s3://scribe/files

# --- images ---------------------------------------------------------------------------------------
# From a mirror, or pinned by digest (docs/deployment.md): NAME:TAG@sha256:...
# TRAEFIK_IMAGE=traefik:v3.7.15
# POSTGRES_IMAGE=pgvector/pgvector:0.8.6-pg18-bookworm
# REDIS_IMAGE=valkey/valkey:9.1.2-alpine
# S3_IMAGE=chrislusf/seaweedfs:4.48
# PROMETHEUS_IMAGE=prom/prometheus:v3.13.0
# GRAFANA_IMAGE=grafana/grafana:12.4.0
# PYTHON_IMAGE=python:3.11.15-slim-bookworm
# IMAGE_PREFIX=smart-meeting-scribe
# IMAGE_TAG=0.1.0
"""


if __name__ == "__main__":
    sys.stdout.write(render(Choices(cores=os.cpu_count() or 2)))
