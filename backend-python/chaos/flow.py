"""A steady flow of recordings from users who also cancel, delete and run again.

Owns the threads that send; holds back while enough is under way, so that recovery times are not queueing times.
"""

import random
import threading
from uuid import uuid4

import asyncpg

from chaos.client import Client, RefusedError
from chaos.database import Database
from chaos.ledger import Ledger, Promise, Wish
from chaos.recordings import FAILURE, Kind, make

MOST_UNDER_WAY = 5
_CHANGES_OF_MIND = ((Wish.KEEP, 0.86), (Wish.CANCEL, 0.07), (Wish.DELETE, 0.07))


class Flow:
    def __init__(self, client: Client, database: Database, ledger: Ledger, seed: int, num_senders: int = 2) -> None:
        self._client, self._database, self._ledger = client, database, ledger
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(random.Random(f"{seed}-{number}"),), daemon=True)
            for number in range(num_senders)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """When the uploads under way are through."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _send(self, randomly: random.Random) -> None:
        while not self._is_over.is_set():
            if self._is_busy():
                self._is_over.wait(0.1)
                continue
            promise = send_one(self._client, self._ledger, randomly)
            if promise is not None:
                self._change_mind(promise, randomly)
            self._is_over.wait(randomly.uniform(0, 0.4))

    def _is_busy(self) -> bool:
        try:
            return int(self._database.value(UNDER_WAY)) >= MOST_UNDER_WAY
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            return True

    def _change_mind(self, promise: Promise, randomly: random.Random) -> None:
        wish = randomly.choices([wish for wish, _ in _CHANGES_OF_MIND], [share for _, share in _CHANGES_OF_MIND])[0]
        if wish is Wish.KEEP:
            return
        self._is_over.wait(randomly.uniform(0, 1.5))
        address = f"/api/v1/meetings/{promise.meeting_id}"
        promise.wish = wish  # from here on both ends are right
        try:
            if wish is Wish.CANCEL:
                answer = self._client.ask("POST", f"{address}/cancel")
                if answer.status_code == 409:
                    promise.wish = Wish.KEEP  # too late, or the first try came through: the audit knows
                elif answer.status_code not in {200, 202, 204}:
                    self._ledger.violate(f"cancel answered {answer.status_code}: {answer.text[:200]}")
            else:
                answer = self._client.ask("DELETE", address)
                if answer.status_code not in {200, 202, 204, 404}:
                    self._ledger.violate(f"delete answered {answer.status_code}: {answer.text[:200]}")
        except TimeoutError as error:
            self._ledger.violate(f"{wish}: {error}")


UNDER_WAY = "select count(*) from meetings where status in ('PENDING', 'PROCESSING')"


def send_one(
    client: Client, ledger: Ledger, randomly: random.Random, kind: Kind | None = None, seconds: float | None = None
) -> Promise | None:
    """``None``: refused for good, as it should be for this kind."""
    recording = make(randomly, kind, seconds)
    way = randomly.choice(["raw", "tus"])
    fields = {"title": f"{recording.kind} {randomly.getrandbits(32):08x}", "file_name": f"{recording.kind}.wav"}
    try:
        if way == "raw":
            accepted = client.upload(recording.content, key=str(uuid4()), fields=fields)
        else:
            accepted = client.upload_resumable(recording.content, fields=fields)
    except RefusedError as error:
        is_right = error.answer.status_code in {415, 422} and error.code == FAILURE.get(recording.kind)
        ledger.refuse(recording.kind, error.code)
        if not is_right:
            ledger.violate(f"{way} upload of {recording.kind} refused: {error}")
        return None
    except TimeoutError as error:
        ledger.violate(f"{way} upload: {error}")
        return None
    promise = Promise(accepted.meeting_id, recording.kind, way, len(recording.content))
    ledger.add(promise)
    return promise
