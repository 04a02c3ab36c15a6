"""Writes the JSON Schemas of the result documents into ``docs/schemas``, and the settings' names into the schema of the
the Helm chart's values.

Usage, from ``backend-python``::

    python scripts/write_schemas.py             # writes what has changed
    python scripts/write_schemas.py --check     # writes nothing; exit code 1 when a file is not current
"""

import argparse
import json
import sys
from pathlib import Path

from scribe.core.config import setting_names
from scribe.domain.results import DOCUMENTS, SCHEMA_VERSION, json_schema

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "docs" / "schemas"
CHART_VALUES = REPOSITORY / "deploy" / "helm" / "smart-meeting-scribe" / "values.schema.json"
OF_THE_CHART = frozenset(
    {
        "DATABASE_URL", "REDIS_URL", "SCRIBE_STORAGE_URL", "SCRIBE_DATA_DIR", "SCRIBE_SCRATCH_DIR", "SCRIBE_MODELS_DIR",
        "SCRIBE_WORKERS", "SCRIBE_DEVICE", "SCRIBE_THREADS", "SCRIBE_RESIDENCY", "SCRIBE_GPU_BUDGET_MB",
        "SCRIBE_API__HOST", "SCRIBE_API__PORT", "SCRIBE_API__PUBLIC_URL", "SCRIBE_API__TRUSTED_PROXIES",
        "SCRIBE_API__DRAIN_S", "SCRIBE_API__WEB_DIR",
    }
)  # fmt: skip
"""Settings that values of the chart's own stand for, or that make no sense in a pod."""


def schema_files() -> dict[Path, str]:
    """What every published file should hold."""
    schemas = {FOLDER / f"{kind}-{SCHEMA_VERSION}.json": json_schema(kind) for kind in DOCUMENTS}
    return {**schemas, CHART_VALUES: chart_values_schema()}


def chart_values_schema() -> str:
    """As it stands, with the names of the settings of today."""
    schema = json.loads(CHART_VALUES.read_text(encoding="utf-8"))
    names = [name for name in setting_names() if name not in OF_THE_CHART]
    schema["properties"]["settings"]["propertyNames"]["enum"] = names
    return json.dumps(schema, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the JSON Schemas of the result documents.")
    parser.add_argument("--check", action="store_true", help="only say whether they are current")
    is_check = parser.parse_args().check
    stale = [
        (path, text)
        for path, text in schema_files().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if is_check:
            print(f"{path.name} is not current: run `python scripts/write_schemas.py`.", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
