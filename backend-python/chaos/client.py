"""A user who does not give up: uploads whatever happens to the other side, and knows what was promised.

Owns requests and their repetition; never looks at the database. Raw uploads are repeated under one Idempotency-Key,
tus uploads go on where the server says they stopped.

Usage::

    client = Client(stack.url, stack.token)
    accepted = client.upload(recording.content, title="x", key=str(uuid4()))
"""

import base64
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

TUS = {"Tus-Resumable": "1.0.0"}
MEETING_HEADER = "Scribe-Meeting"
PAUSE_S = 0.15
_AGAIN = frozenset({429, 500, 502, 503, 504, 507})
"""Answers after which the very same request is sent again. 500 is counted: it should not be there."""


class RefusedError(Exception):
    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}")
        self.answer = answer

    @property
    def code(self) -> str:
        return str(self.answer.json().get("code", ""))


def outcome_of(answer: httpx.Response) -> str:
    """``202``, or ``503 service.unavailable``; ``502 no problem``: somebody else than the API answered."""
    if answer.status_code < httpx.codes.BAD_REQUEST:
        return str(answer.status_code)
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    code = answer.json()["code"] if is_problem and answer.content else "" if not answer.content else "no problem"
    return f"{answer.status_code} {code}".strip()


@dataclass(frozen=True, slots=True)
class Accepted:
    meeting_id: str
    num_tries: int
    seconds: float


class Client:
    def __init__(self, url: str, token: str, patience_s: float = 90.0) -> None:
        self.url = url
        self.patience_s = patience_s
        self.crashes: list[str] = []
        """Answers 500: a bug each."""
        self.outcomes: Counter[str] = Counter()
        """Of every single request: its status, with the code of a problem, or the error of the connection."""
        self._token = token

    def http(self, timeout_s: float = 15.0) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self._token}"}, timeout=timeout_s, trust_env=False
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    # --- one request, repeated until there is an answer ---------------------------------------------------------------

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The first answer that is not "later". Raises: TimeoutError."""
        return self._insist(lambda http: http.request(method, path, **more))[0]

    def meeting(self, meeting_id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/api/v1/meetings/{meeting_id}")
        if answer.status_code != httpx.codes.OK:
            raise RefusedError(answer)
        found: dict[str, Any] = answer.json()
        return found

    # --- uploads ------------------------------------------------------------------------------------------------------

    def upload(
        self,
        content: bytes,
        *,
        key: str,
        fields: Mapping[str, str] | None = None,
        on_part: Callable[[int], None] = lambda _: None,
        part_bytes: int = 64 * 1024,
    ) -> Accepted:
        """Raw. ``on_part`` is told how many bytes went out, and may take its time. Raises: RefusedError."""

        def body() -> Iterator[bytes]:
            for start in range(0, len(content), part_bytes):
                yield content[start : start + part_bytes]
                on_part(start + part_bytes)

        headers = {"Idempotency-Key": key, "Content-Type": "audio/wav", "Content-Length": str(len(content))}
        answer, num_tries, seconds = self._insist(
            lambda http: http.post("/api/v1/meetings", params=dict(fields or {}), content=body(), headers=headers),
            is_busy=lambda answer: answer.status_code == 409 and "first request" in answer.text,
        )
        if answer.status_code not in {200, 202}:
            raise RefusedError(answer)
        return Accepted(str(answer.json()["id"]), num_tries, seconds)

    def upload_resumable(
        self,
        content: bytes,
        *,
        fields: Mapping[str, str] | None = None,
        on_part: Callable[[int], None] = lambda _: None,
        part_bytes: int = 64 * 1024,
    ) -> Accepted:
        """tus, in one PATCH after another. Raises: RefusedError."""
        began = time.monotonic()
        metadata = ",".join(
            f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in (fields or {}).items()
        )
        created, num_tries, _ = self._insist(
            lambda http: http.post(
                "/api/v1/uploads",
                headers={
                    **TUS,
                    "Upload-Length": str(len(content)),
                    **({"Upload-Metadata": metadata} if metadata else {}),
                },
            )
        )
        if created.status_code != httpx.codes.CREATED:
            raise RefusedError(created)
        address = httpx.URL(self.url).join(created.headers["Location"])
        offset, answer = 0, created
        while offset < len(content):
            part = content[offset : offset + part_bytes]
            on_part(offset)
            tried = self._once(
                lambda http: http.patch(
                    address,
                    content=part,  # noqa: B023 -- called before the next round
                    headers={
                        **TUS,
                        "Upload-Offset": str(offset),  # noqa: B023
                        "Content-Type": "application/offset+octet-stream",
                    },
                )
            )
            num_tries += 1
            if tried is not None and tried.status_code == httpx.codes.NO_CONTENT:
                offset, answer = int(tried.headers["Upload-Offset"]), tried
                continue
            if tried is not None and tried.status_code not in _AGAIN | {409, 423, 460}:
                raise RefusedError(tried)
            if time.monotonic() - began > self.patience_s:
                raise TimeoutError(f"upload stuck at {offset}: {'no answer' if tried is None else tried.text}")
            time.sleep(PAUSE_S)
            answer = self._insist(lambda http: http.head(address, headers=TUS))[0]
            if answer.status_code not in {200, 204}:
                raise RefusedError(answer)
            offset = int(answer.headers["Upload-Offset"])
        meeting_id = answer.headers.get(MEETING_HEADER) or self.meeting_of_upload(address)
        return Accepted(meeting_id, num_tries, time.monotonic() - began)

    def meeting_of_upload(self, address: httpx.URL | str) -> str:
        """Of a resumable upload whose last byte has arrived: HEAD names it, as the last PATCH did."""
        answer = self._insist(
            lambda http: http.head(address, headers=TUS), is_busy=lambda answer: MEETING_HEADER not in answer.headers
        )[0]
        return str(answer.headers[MEETING_HEADER])

    # --- insisting ----------------------------------------------------------------------------------------------------

    def _insist(
        self,
        request: Callable[[httpx.Client], httpx.Response],
        is_busy: Callable[[httpx.Response], bool] = lambda _: False,
    ) -> tuple[httpx.Response, int, float]:
        began, num_tries, last = time.monotonic(), 0, "no answer"
        while time.monotonic() - began < self.patience_s:
            num_tries += 1
            answer = self._once(request)
            if answer is not None:
                if answer.status_code not in _AGAIN and not is_busy(answer):
                    return answer, num_tries, time.monotonic() - began
                last = f"{answer.status_code} {answer.text[:200]}"
            time.sleep(PAUSE_S)
        raise TimeoutError(f"gave up after {num_tries} tries: {last}")

    def _once(self, request: Callable[[httpx.Client], httpx.Response]) -> httpx.Response | None:
        try:
            with self.http() as http:
                answer = request(http)
        except httpx.HTTPError as error:
            self.outcomes[type(error).__name__] += 1
            return None
        self.outcomes[outcome_of(answer)] += 1
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            self.crashes.append(f"{answer.request.method} {answer.request.url.path}: {answer.text[:300]}")
        return answer
