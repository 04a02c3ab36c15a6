"""Files of the Hugging Face hub, or of anything that serves ``/{repo}/resolve/{revision}/{file}``, over plain HTTP.

Owns one thing: bringing one file whole, resuming where a connection was cut. Knows the hub's headers where they are
there (``X-Repo-Commit``, ``X-Linked-ETag``, ``X-Error-Code``) and does without where a mirror leaves them out.

Usage::

    HubClient("https://hub.example").download(repo, revision, "model.bin", target, sha256, told)
"""

import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from scribe.core.hashing import sha256_of
from scribe.domain.errors import ModelPullError

DEFAULT_ENDPOINT = "https://huggingface.co"
_TIMEOUT_S = 30.0
_ATTEMPTS = 4
"""Connections tried for one file in one run."""
_BUSY = {http.client.TOO_MANY_REQUESTS, *range(500, 600)}
"""Answers after which a hub is worth asking again, a little later."""
_BLOCK_BYTES = 1 << 18
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class _Cut(Exception):  # noqa: N818 -- not an error yet: the next attempt goes on
    """The connection ended before the file did."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is known of a file beforehand; ``None``: nothing."""

    size_bytes: int | None
    sha256: str | None


class HubClient:
    def __init__(self, endpoint: str, token: str | None = None, pause: Callable[[float], None] = time.sleep) -> None:
        """Raises: ModelPullError when the endpoint is no http(s) address."""
        if urllib.parse.urlsplit(endpoint).scheme not in ("https", "http"):
            raise ModelPullError(f"{endpoint!r} is not the address of a hub: it should start with https://.")
        self._endpoint = endpoint.rstrip("/")
        self._token = token
        self._pause = pause

    def download(
        self, repo: str, revision: str, path: str, target: Path, expected: Expectation, progress: Callable[[int], None]
    ) -> str:
        """Brings one file, whole and checked, to ``target``; says which commit it is of.

        The bytes gather in ``target.part``; it is kept when the connection fails, so that a later call goes on, and
        deleted when its size or hash is wrong. ``progress`` is told how many bytes are there.

        Raises: ModelPullError.
        """
        url = f"{self._endpoint}/{repo}/resolve/{urllib.parse.quote(revision, safe='')}/{urllib.parse.quote(path)}"
        url, facts = self._facts(url, repo, revision)
        commit = facts.get("X-Repo-Commit") or revision
        if _COMMIT.fullmatch(revision) and commit != revision:
            raise ModelPullError(f"{self._endpoint} answered with commit {commit} of {repo} instead of {revision}.")
        announced = (facts.get("X-Linked-ETag") or "").strip('"')
        sha256 = expected.sha256 or (announced if _SHA256.fullmatch(announced) else None)
        if sha256 is not None and target.is_file() and sha256_of(target) == sha256:
            return commit
        part = target.with_name(target.name + ".part")
        was_resumed = part.is_file() and part.stat().st_size > 0
        got = self._gather(url, part, repo, revision, expected.size_bytes, progress)
        if sha256 is not None and got != sha256 and was_resumed:
            part.unlink()  # what an earlier run left may be of another file: once more from the start
            got = self._gather(url, part, repo, revision, expected.size_bytes, progress)
        if sha256 is not None and got != sha256:
            part.unlink()
            raise ModelPullError(f"{path} of {repo} has SHA-256 {got} instead of {sha256}: it was thrown away.")
        part.replace(target)
        return commit

    def _facts(self, url: str, repo: str, revision: str) -> tuple[str, Message]:
        """The address at the hub, and the hub's own headers: given before it redirects to where the bytes are."""
        opener = urllib.request.build_opener(_StayHere)
        for _ in range(5):  # a renamed repository answers with a redirect on the same host
            try:
                with opener.open(self._request(url, method="HEAD"), timeout=_TIMEOUT_S) as answer:
                    return url, answer.headers
            except urllib.error.HTTPError as error:
                location = error.headers.get("Location")
                if error.code == http.client.METHOD_NOT_ALLOWED:
                    return url, Message()
                if location is None or not 300 <= error.code < 400:
                    raise self._refusal(error, repo, revision) from error
                following = urllib.parse.urljoin(url, location)
                if urllib.parse.urlsplit(following).netloc != urllib.parse.urlsplit(url).netloc:
                    return url, error.headers
                url = following
            except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
                raise self._unreachable(error) from error
        raise ModelPullError(f"{self._endpoint} redirects {repo} in a circle.")

    def _gather(
        self, url: str, part: Path, repo: str, revision: str, size_bytes: int | None, progress: Callable[[int], None]
    ) -> str:
        """Fills ``part`` until the file is whole; returns its SHA-256."""
        cut: _Cut | None = None
        for attempt in range(_ATTEMPTS):
            have = part.stat().st_size if part.is_file() else 0
            progress(have)
            try:
                self._fetch_rest(url, part, have, size_bytes, progress)
            except urllib.error.HTTPError as error:
                if error.code in _BUSY:
                    cut = _Cut(f"{error.code} {error.reason}")
                    self._pause(2.0**attempt)
                elif error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have > 0:
                    part.unlink()
                else:
                    raise self._refusal(error, repo, revision) from error
            except _Cut as error:
                cut = error
            except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
                cut = _Cut(str(error))
            else:
                return sha256_of(part)
        raise self._unreachable(cut)

    def _fetch_rest(
        self, url: str, part: Path, have: int, size_bytes: int | None, progress: Callable[[int], None]
    ) -> None:
        """Appends what is missing; starts over where the server does not know ranges."""
        request = self._request(url, start=have)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 -- scheme checked
            resumes = answer.status == http.client.PARTIAL_CONTENT
            length = answer.headers.get("Content-Length")
            done = have if resumes else 0
            total = size_bytes if length is None else done + int(length)
            if size_bytes is not None and total != size_bytes:
                part.unlink(missing_ok=True)
                raise ModelPullError(f"{url} has {total:,} bytes instead of {size_bytes:,}: it was not fetched.")
            with part.open("ab" if resumes else "wb") as output:
                while block := answer.read(_BLOCK_BYTES):
                    output.write(block)
                    done += len(block)
                    progress(done)
                    if total is not None and done > total:
                        raise ModelPullError(f"{url} is longer than it says: it was not fetched.")
        if total is not None and done < total:
            raise _Cut(f"{total - done:,} bytes short")

    def _request(self, url: str, *, method: str = "GET", start: int = 0) -> urllib.request.Request:
        headers = {"User-Agent": "smart-meeting-scribe", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 -- scheme checked
        if self._token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        return request

    def _refusal(self, error: urllib.error.HTTPError, repo: str, revision: str) -> ModelPullError:
        code = error.headers.get("X-Error-Code", "")
        if error.code in (http.client.UNAUTHORIZED, http.client.FORBIDDEN) or code == "GatedRepo":
            return ModelPullError(
                f"{repo} is not open to everybody: accept its licence on {self._endpoint}/{repo} and put your access "
                f"token into HF_TOKEN."
            )
        if code == "RevisionNotFound":
            return ModelPullError(f"{self._endpoint} has no revision {revision} of {repo}.")
        if error.code == http.client.NOT_FOUND:
            what = {"EntryNotFound": "this file of", "RepoNotFound": "the repository"}.get(code, "this file of")
            return ModelPullError(f"{self._endpoint} does not have {what} {repo} at revision {revision}.")
        return ModelPullError(f"{self._endpoint} answered {error.code} {error.reason} for {repo}.")

    def _unreachable(self, error: Exception | None) -> ModelPullError:
        reason = getattr(error, "reason", None) or error
        return ModelPullError(
            f"{self._endpoint} cannot be reached or broke off ({reason}): run the same command again to go on, or use "
            f"`--from FOLDER` or `--endpoint MIRROR`."
        )


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Turns a redirect into an HTTPError, whose headers can be read."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None
