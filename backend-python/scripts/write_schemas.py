"""Writes the JSON Schemas of the result documents into ``docs/schemas``.

Usage, from ``backend-python``::

    python scripts/write_schemas.py             # writes what has changed
    python scripts/write_schemas.py --check     # writes nothing; exit code 1 when a file is not current
"""

import argparse
import sys
from pathlib import Path

from scribe.domain.results import DOCUMENTS, SCHEMA_VERSION, json_schema

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def schema_files() -> dict[Path, str]:
    """What every published file should hold."""
    return {FOLDER / f"{kind}-{SCHEMA_VERSION}.json": json_schema(kind) for kind in DOCUMENTS}


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
