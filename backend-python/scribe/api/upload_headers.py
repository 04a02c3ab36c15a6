"""What clients say about an upload in headers, as values.

Owns the notations (RFC 9530 digests, Content-Disposition, tus); never what follows from them.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from email.message import Message
from urllib.parse import unquote

from fastapi import Request

from scribe.domain.errors import OptionError, RequestError
from scribe.services.resumable import Checksum

CHECKSUM_ALGORITHMS = ("sha256", "sha1", "md5")
_DIGEST_SIZES = {"sha256": 32, "sha1": 20, "md5": 16}
_SHA256_HEX = re.compile(r"[0-9a-fA-F]{64}")
_SHA256_FIELD = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([^:]*):", re.IGNORECASE)
_METADATA_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,64}")
MAX_METADATA_LENGTH = 65_536


def announced_sha256(request: Request, given: str | None) -> str | None:
    """From ``?sha256=`` or a digest header; algorithms that we do not know are passed over, as RFC 9530 wants.

    Raises: OptionError when it is malformed, or when two say different things.
    """
    said = set()
    if given is not None:
        if not _SHA256_HEX.fullmatch(given):
            raise OptionError("`sha256` must be 64 hexadecimal digits.")
        said.add(given.lower())
    for name in ("repr-digest", "content-digest"):
        found = _SHA256_FIELD.search(request.headers.get(name, ""))
        if found:
            said.add(_bytes_of(found[1], 32, name).hex())
    if len(said) > 1:
        raise OptionError("Two different SHA-256 digests came with this request.")
    return said.pop() if said else None


def content_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() else None


def file_name(request: Request) -> str | None:
    """From X-File-Name (percent-encoded, or as it is) or from Content-Disposition."""
    plain = request.headers.get("x-file-name")
    if plain:
        return unquote(_utf8(plain))
    message = Message()
    message["content-disposition"] = _utf8(request.headers.get("content-disposition", ""))
    return message.get_filename()


def is_audio_or_video(media_type: str) -> bool:
    return media_type.lower().startswith(("audio/", "video/"))


def natural_number(request: Request, header: str) -> int:
    """Raises: RequestError when it is missing or no whole number."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise RequestError(f"The header {header} must be a whole number of bytes.")
    return int(text)


def metadata(request: Request) -> Mapping[str, str]:
    """``Upload-Metadata``: pairs of a key and its value in Base64, separated by commas. Raises: RequestError."""
    header = request.headers.get("upload-metadata", "")
    if len(header) > MAX_METADATA_LENGTH or not (header.isascii() and header.isprintable()):
        raise RequestError("The header Upload-Metadata is too long, or holds characters that are not allowed.")
    fields: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, value = pair.strip().partition(" ")
        if not _METADATA_KEY.fullmatch(key) or key in fields:
            raise RequestError("The header Upload-Metadata must hold pairs of a distinct key and a Base64 value.")
        try:
            fields[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as error:
            raise RequestError(f"In the header Upload-Metadata, {key} is no text in Base64.") from error
    return fields


def checksum(request: Request) -> Checksum | None:
    """``Upload-Checksum``: an algorithm and a digest in Base64. Raises: RequestError."""
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, digest = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise RequestError(f"The header Upload-Checksum knows {', '.join(CHECKSUM_ALGORITHMS)}.")
    return Checksum(algorithm, _bytes_of(digest, _DIGEST_SIZES[algorithm], "upload-checksum"))


def _bytes_of(text: str, size_bytes: int, header: str) -> bytes:
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"The header {header} must hold its digest in Base64.") from error
    if len(digest) != size_bytes:
        raise RequestError(f"The digest in the header {header} has the wrong length.")
    return digest


def _utf8(header: str) -> str:
    """Headers are Latin-1 by rule and UTF-8 by habit."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return header
