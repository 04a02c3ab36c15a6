"""The worker's second lane: clips of voices, beside whatever meeting is under way.

Owns that a microphone clip never waits behind a four-hour meeting, one task at a time, its lease, and what the end of
its child means. In quiet moments it does what nobody waits for (``chores``): meetings are recognised again, result
files get new names. A meeting's lease is kept by a thread of its own (``heartbeat.py``), so nothing here can cost it.

Usage::

    lane = VoiceLane(desk, storage, scratch, settings.queue, {"names": rewrite_some}, partial(VoiceChild, 150.0))
    lane.wake()            # somebody says that there may be a clip
    await lane.run()       # until stopped
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from scribe.adapters.storage import Storage
from scribe.core.config import QueueSettings
from scribe.core.logging import get_logger, trace_of
from scribe.domain.enrolments import ClaimedEnrolment, EnrolmentStatus, MeasuredClip, MeasuredVoice
from scribe.domain.errors import (
    EngineCrashError,
    InternalError,
    LeaseLostError,
    ScribeError,
    StorageError,
    UnavailableError,
    VoiceClipError,
)
from scribe.domain.voice_quality import Problem
from scribe.services.voice_desk import VoiceDesk
from scribe.worker.scratch import Scratch
from scribe.worker.voice_child_process import VoiceChild
from scribe.worker.voice_protocol import Unmeasured, VoiceOrder

LOOK_EVERY_S = 0.5
"""A worker that is busy with a meeting does not hear the bell: another one does, or this one looks by itself."""
CHORES_EVERY_S = 2.0
BEATS_PER_LEASE = 3
RELEASE_TIMEOUT_S = 2.0
STORAGE_PATIENCE_S = 60.0
"""A storage that is away for so long costs an attempt; a database that is away costs nothing but time."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0

Chore = Callable[[], Awaitable[int]]
"""A little of some work; how much was done, 0: there is nothing to do. It may be cut off at any moment."""
T = TypeVar("T")


class VoiceLane:
    def __init__(
        self,
        desk: VoiceDesk,
        storage: Storage,
        scratch: Scratch,
        settings: QueueSettings,
        chores: Mapping[str, Chore],
        new_child: Callable[[], VoiceChild],
    ) -> None:
        """``chores``: by what they are called in the log."""
        self._desk = desk
        self._storage = storage
        self._scratch = scratch
        self._settings = settings
        self._chores = chores
        self._new_child = new_child
        self._is_wanted = asyncio.Event()
        self._is_stopping = asyncio.Event()
        self._has_begun = False
        self._is_well = True
        self._is_fit = True
        self._is_quiet = asyncio.Event()

    def wake(self) -> None:
        self._is_wanted.set()

    def stop(self) -> None:
        """From a signal handler: nothing more is claimed, what is under way is given back, :meth:`run` ends."""
        self._is_stopping.set()
        self._is_wanted.set()

    async def run(self) -> None:
        """Until stopped. Outages and bugs cost a pause, never the lane."""
        chores = asyncio.create_task(self._do_chores_until_stopped())
        try:
            await self._take_tasks_until_stopped()
        finally:
            chores.cancel()
            await asyncio.wait({chores})

    async def _take_tasks_until_stopped(self) -> None:
        while not self._is_stopping.is_set():
            self._is_wanted.clear()
            try:
                is_busy = await self._once()
            except UnavailableError as error:
                is_busy = self._complain("voice_lane.waits", error.__cause__ or error)
            except Exception as error:  # noqa: BLE001 -- the edge of the lane: leases run out, others go on
                get_logger().error("voice_lane.bug", error=type(error).__name__, trace=trace_of(error))
                is_busy = False
            else:
                self._is_well = True
            if not is_busy:
                await self._pause(self._is_wanted, LOOK_EVERY_S)

    async def _once(self) -> bool:
        """``False``: there is nothing to do just now."""
        if not self._has_begun:
            await self._desk.begin()
            self._has_begun = True
        task = await self._desk.claim()
        if task is None:
            self._is_quiet.set()
            return False
        self._is_quiet.clear()
        self._is_fit = True
        await self._work_on(task)
        return self._is_fit

    # --- chores -----------------------------------------------------------------------------------------------------

    async def _do_chores_until_stopped(self) -> None:
        """Beside the tasks, so that a clip does not wait for the end of one; none begins while a clip is measured."""
        while not self._is_stopping.is_set():
            await self._is_quiet.wait()
            done = 0
            for name, chore in self._chores.items():
                try:
                    done += await chore()
                except ScribeError as error:
                    get_logger().warning("chore.failed", chore=name, code=error.code)
                except Exception as error:  # noqa: BLE001 -- one that fails must not stop the others, nor the lane
                    get_logger().error("chore.bug", chore=name, error=type(error).__name__, trace=trace_of(error))
            if not done:
                await self._pause(self._is_stopping, CHORES_EVERY_S)

    async def _pause(self, unless: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await unless.wait()

    # --- one task ---------------------------------------------------------------------------------------------------

    async def _work_on(self, task: ClaimedEnrolment) -> None:
        """Whatever happens, its child has ended and its folder is empty when this returns."""
        begun_s = time.monotonic()
        with structlog.contextvars.bound_contextvars(enrolment_id=str(task.id), attempt=task.attempt):
            working = asyncio.create_task(self._settled(task))
            renewing = asyncio.create_task(self._renew(task))
            stopping = asyncio.create_task(self._is_stopping.wait())
            everything = {working, renewing, stopping}
            try:
                await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in everything:
                    one.cancel()
                await asyncio.wait(everything)
                await asyncio.to_thread(self._scratch.remove_voice, task)
            ending = await self._ending(task, working)
            kind, seconds = str(task.enrolment.kind), round(time.monotonic() - begun_s, 3)
            get_logger().info("voice_task.ended", kind=kind, ending=ending, seconds=seconds)

    async def _ending(self, task: ClaimedEnrolment, working: "asyncio.Task[EnrolmentStatus]") -> str:
        if not working.cancelled():
            error = working.exception()
            if error is None:
                return str(working.result())
            if isinstance(error, LeaseLostError):
                return "lease_lost"
            get_logger().error("voice_task.bug", error=type(error).__name__, trace=trace_of(error))
            return "left"  # its lease runs out
        if not self._is_stopping.is_set():
            return "lease_lost"
        with suppress(LeaseLostError, UnavailableError, TimeoutError):  # else the lease runs out
            await asyncio.wait_for(self._desk.released(task), RELEASE_TIMEOUT_S)
        return "stopping"

    async def _renew(self, task: ClaimedEnrolment) -> None:
        """Returns when the lease is lost."""
        while True:
            await asyncio.sleep(self._settings.lease_s / BEATS_PER_LEASE)
            try:
                await self._desk.renew(task)
            except LeaseLostError:
                return
            except Exception as error:  # noqa: BLE001 -- what became of the lease is decided there, when it is back
                self._complain("voice_lane.waits", error.__cause__ or error)

    async def _settled(self, task: ClaimedEnrolment) -> EnrolmentStatus:
        """Raises: LeaseLostError."""
        try:
            heard = await self._heard(task)
            return await _insist(lambda: self._told(task, heard))
        except LeaseLostError:
            raise
        except ScribeError as error:
            failure = Unmeasured(error.code, str(error), error.is_retryable, is_clip_at_fault=False)
        except OSError as error:  # no disk, no memory, no process: our fault and not the clip's
            get_logger().error("worker.unfit", error=type(error).__name__, reason=error.strerror)
            self._is_fit = False
            await _insist(lambda: self._desk.released(task))
            return EnrolmentStatus.PENDING
        except Exception as error:  # noqa: BLE001 -- the edge: a bug must not leave the task hanging
            get_logger().error("voice_task.bug", error=type(error).__name__, trace=trace_of(error))
            message = "Something unexpected happened to this clip: please report it."
            failure = Unmeasured(InternalError.code, message, is_retryable=True, is_clip_at_fault=False)
        return await _insist(lambda: self._told(task, failure))

    async def _told(self, task: ClaimedEnrolment, heard: MeasuredVoice | Unmeasured) -> EnrolmentStatus:
        if not isinstance(heard, Unmeasured):
            channel = heard.channel if isinstance(heard, MeasuredClip) else None
            return await self._desk.conclude(task, heard, channel)
        if heard.is_clip_at_fault:
            return await self._desk.refused(task, Problem(heard.code, heard.message))
        return await self._desk.failed(task, heard.code, heard.message, is_retryable=heard.is_retryable)

    async def _heard(self, task: ClaimedEnrolment) -> MeasuredVoice | Unmeasured:
        """From what is stored, or from a child. Raises: ScribeError, OSError."""
        known = await _insist(lambda: self._desk.known_voice(task))
        if known is not None:
            return known
        folder = await asyncio.to_thread(self._scratch.voice_folder, task)
        clip = await _insist(lambda: asyncio.to_thread(self._fetched, task, folder))
        if clip is None:
            message = "The clip is not where it was stored any more: send it again."
            return Unmeasured(VoiceClipError.code, message, is_retryable=False, is_clip_at_fault=False)
        try:
            heard = await self._new_child().heard(VoiceOrder(clip, folder))
        except EngineCrashError as error:
            get_logger().warning("voice_child.died", reason=str(error))
            return Unmeasured(error.code, str(error), error.is_retryable, is_clip_at_fault=False)
        if isinstance(heard, MeasuredClip) and task.enrolment.meeting_id is not None:
            return replace(heard, spans=(), channel=None)  # it heard the kept sample, not the meeting
        return heard

    def _fetched(self, task: ClaimedEnrolment, folder: Path) -> Path | None:
        """On this machine's disk; ``None``: there is no such clip."""
        key = task.enrolment.source_key
        if not key or self._storage.size(key) is None:
            return None
        local = self._storage.local_path(key)
        if local is None:
            local = folder / "clip"
            self._storage.download(key, local)
        return local

    def _complain(self, event: str, error: BaseException) -> bool:
        """Once, until all is well again. ``False``, so that a pause follows."""
        if self._is_well:
            get_logger().warning(event, error=type(error).__name__)
        self._is_well = False
        return False


async def _insist(tell: Callable[[], Awaitable[T]]) -> T:
    """Until database and storage have answered. Raises: StorageError when patience with it ends."""
    deadline_s, pause_s = time.monotonic() + STORAGE_PATIENCE_S, FIRST_PAUSE_S
    while True:
        try:
            return await tell()
        except StorageError:
            if time.monotonic() > deadline_s:
                raise
        except UnavailableError:
            pass
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
