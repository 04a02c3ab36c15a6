"""Domain values to JSON and back, for checkpoints.

Owns the translation of frozen dataclasses, tuples, mappings, enums and float32 vectors; never the published result
files (``domain/results.py`` owns those, with versions and schemas). A checkpoint is read only by the code that wrote
it: its fingerprint changes with the code's version.

Usage::

    text = encode(diarization)
    diarization = decode(Diarization, text)
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

import numpy as np

from scribe.domain.errors import ArtefactError

T = TypeVar("T")


def encode(value: object) -> bytes:
    return json.dumps(_to_json(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode(kind: type[T], content: bytes) -> T:
    """Raises: ArtefactError when the content is not what :func:`encode` writes for ``kind``."""
    try:
        return typing.cast("T", _from_json(kind, json.loads(content)))
    except (ValueError, TypeError, KeyError) as error:
        raise ArtefactError(f"A saved {kind.__name__} could not be read back.") from error


def _to_json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return [float(number) for number in value]  # float32 -> shortest float64 text: exact both ways
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_to_json(item) for item in value]
    return value


def _from_json(kind: Any, raw: Any) -> object:
    if isinstance(kind, typing.NewType):
        return raw
    origin = get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        if raw is None:
            return None
        (inner,) = [arm for arm in get_args(kind) if arm is not type(None)]
        return _from_json(inner, raw)
    if origin is tuple:
        return tuple(_from_json(get_args(kind)[0], item) for item in raw)
    if origin is np.ndarray:
        return np.asarray(raw, dtype=np.float32)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _from_json(get_args(kind)[1], item) for key, item in _object(raw).items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = {name: _from_json(hints[name], item) for name, item in _object(raw).items()}
        return typing.cast("type", kind)(**fields)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(raw)
    if kind is float and isinstance(raw, int):
        return float(raw)
    if isinstance(kind, type) and not isinstance(raw, kind):
        raise TypeError(f"expected {kind.__name__}")
    return raw


def _object(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError("expected an object")
    return raw
