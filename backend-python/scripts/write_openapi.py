"""Writes the API's description into ``docs/openapi.json``, from which clients are generated.

Usage, from ``backend-python``::

    python scripts/write_openapi.py             # writes it when it has changed
    python scripts/write_openapi.py --check     # writes nothing; exit code 1 when it is not current
"""

import argparse
import json
import sys
from pathlib import Path

from scribe.core.config import Settings
from scribe.main import create_app

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def description() -> str:
    """The same on every machine: it depends on the code only. Connects to nothing."""
    nowhere = {"DATABASE_URL": "postgresql://localhost/scribe", "REDIS_URL": "redis://localhost"}
    return json.dumps(create_app(Settings.model_validate(nowhere)).openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the API's description into docs/openapi.json.")
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    is_check = parser.parse_args().check
    text = description()
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    if is_check:
        print(f"{FILE.name} is not current: run `python scripts/write_openapi.py`.", file=sys.stderr)
        return 1
    FILE.write_text(text, encoding="utf-8")
    print(f"wrote {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
