"""The worker's side of the child that listens to a clip: starts it, hears it, ends it.

Owns the process, and that one that hangs is ended. One child a clip: what a strange file did to it, it does to no
other, and its memory really goes back. Must be used from the worker's main thread: Linux kills a child when the
*thread* that started it ends.

Usage::

    report = await VoiceChild(stall_s=150.0).heard(VoiceOrder(clip, scratch))
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scribe.core.logging import get_logger
from scribe.domain.enrolments import MeasuredClip
from scribe.domain.errors import ArtefactError, EngineCrashError
from scribe.worker.endings import how_it_died, kill_session
from scribe.worker.voice_protocol import Unmeasured, VoiceOrder, report_of

STALL_MARGIN_S = 30.0
"""Longer than a decoder may be silent (``SCRIBE_AUDIO__STALL_TIMEOUT_S``), so that it is the decoder who says why."""
STALL_SHARE = 0.01
"""Who uses less than this share of one processor meanwhile stands still."""
LOOK_EVERY_S = 1.0
NOT_FOR_THE_CHILD = ("DATABASE_URL", "REDIS_URL", "AWS_")
"""Beginnings of names. It works on files that anybody may have sent: what it does not need, it does not get."""


class VoiceChild:
    def __init__(self, stall_s: float) -> None:
        """``stall_s``: one that does nothing for so long is ended."""
        self._stall_s = stall_s
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def heard(self, order: VoiceOrder) -> MeasuredClip | Unmeasured:
        """Gone when this returns, or is cancelled. Raises: EngineCrashError when it dies or stands still; OSError when
        it cannot be started."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "scribe.worker.voice_child_entry",
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=_environment(os.environ),
        )
        talking = asyncio.create_task(self._process.communicate(order.to_line()))
        try:
            await self._watch(self._process, talking)
            output, _ = talking.result()
        finally:
            await asyncio.shield(self._end(self._process, talking))
        try:
            return report_of(output)
        except ArtefactError as error:
            raise EngineCrashError(
                how_it_died("The process that listened to the clip", self._process.returncode or 0)
            ) from error

    async def _watch(self, process: asyncio.subprocess.Process, talking: "asyncio.Task[tuple[bytes, bytes]]") -> None:
        """Until it has said everything. Raises: EngineCrashError."""
        moved_s, worked_s = time.monotonic(), _cpu_s(process.pid)
        while not (await asyncio.wait({talking}, timeout=min(LOOK_EVERY_S, self._stall_s)))[0]:
            cpu_s = _cpu_s(process.pid)
            if abs(cpu_s - worked_s) > STALL_SHARE * self._stall_s:
                moved_s, worked_s = time.monotonic(), cpu_s
            elif time.monotonic() - moved_s > self._stall_s:
                raise EngineCrashError("The process that listened to the clip stood still and was ended.")

    async def _end(self, process: asyncio.subprocess.Process, talking: "asyncio.Task[tuple[bytes, bytes]]") -> None:
        kill_session(process)
        await process.wait()
        talking.cancel()
        await asyncio.wait({talking})
        get_logger().debug("voice_child.ended", pid=process.pid)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in given.items() if not name.startswith(NOT_FOR_THE_CHILD)}
    return {**kept, "CUDA_VISIBLE_DEVICES": ""}


def _cpu_s(pid: int) -> float:
    """Of the process, its decoder, and the children it waited for. Where nobody tells, it always works."""
    if not Path(f"/proc/{pid}").exists():
        return time.monotonic()
    children = ""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return sum(_one_cpu_s(one) for one in (pid, *map(int, children.split())))


def _one_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended, and counts with its parent from now on
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
