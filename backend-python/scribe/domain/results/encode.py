"""How a result document becomes text: JSON that people can read and diff.

Owns the layout only: an object or list that fits on one line of 120 characters stands on one line (so a word is a
line), anything larger is indented by two. Never writes NaN or Infinity, which are not JSON (RFC 8259, section 6).

Usage::

    text = encode_json({"start": 0.0, "end": 1.5})     # one line and a line break
"""

import json
from collections.abc import Iterator

from pydantic import JsonValue

LINE_LENGTH = 120


def encode_json(value: JsonValue) -> str:
    """Raises: ValueError for a number that is not finite."""
    return "".join(_pieces(value, 0)) + "\n"


def _pieces(value: JsonValue, depth: int) -> Iterator[str]:
    if not isinstance(value, dict | list) or _is_flat(value):
        line = json.dumps(value, ensure_ascii=False, allow_nan=False)
        if not isinstance(value, dict | list) or len(line) + 2 * depth <= LINE_LENGTH:
            yield line
            return
    inner = "\n" + "  " * (depth + 1)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield opening
    if isinstance(value, dict):
        for index, (key, item) in enumerate(value.items()):
            yield f"{',' if index else ''}{inner}{json.dumps(key, ensure_ascii=False)}: "
            yield from _pieces(item, depth + 1)
    else:
        for index, item in enumerate(value):
            yield f"{',' if index else ''}{inner}"
            yield from _pieces(item, depth + 1)
    yield "\n" + "  " * depth + closing


def _is_flat(value: dict[str, JsonValue] | list[JsonValue]) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return not any(isinstance(item, dict | list) and item for item in items)
