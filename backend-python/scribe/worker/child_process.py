"""The worker's side of its child: starts it, hears it, kills it.

Owns the process and its pipe. Must be used from the worker's main thread, which lives as long as the worker: Linux
kills a child when the *thread* that started it ends.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from scribe.core.logging import get_logger
from scribe.domain.errors import ArtefactError, EngineCrashError
from scribe.worker.endings import how_it_died, kill_session
from scribe.worker.protocol import Failed, Finished, Order, Report, Verdicts, report_of

LONGEST_LINE_BYTES = 16 << 20
"""Sixty speakers' prints are 0.3 MB; with all turns of a day's recording some megabytes."""
STALL_S = 900.0
STALL_SHARE = 0.01
"""Who says nothing for STALL_S and uses less than this share of one processor meanwhile stands still."""
NOT_FOR_THE_CHILD = ("DATABASE_URL", "REDIS_URL")
"""It works on files that anybody may have sent: what it does not need, it does not get."""


class ChildProcess:
    def __init__(
        self, process: asyncio.subprocess.Process, pipe: asyncio.StreamReader, transport: asyncio.BaseTransport
    ) -> None:
        self._process = process
        self._pipe = pipe
        self._transport = transport

    @classmethod
    async def start(cls) -> Self:
        read_fd, write_fd = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "scribe.worker.child_entry",
                str(write_fd),
                str(os.getpid()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,  # libraries print; the log goes to standard error
                pass_fds=(write_fd,),
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name not in NOT_FOR_THE_CHILD},
            )
        except BaseException:
            os.close(read_fd)
            raise
        finally:
            os.close(write_fd)
        pipe = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(pipe), os.fdopen(read_fd, "rb", 0)
        )
        return cls(process, pipe, transport)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def reports(self, order: Order) -> AsyncIterator[Report]:
        """Everything up to ``Finished`` or ``Failed``.

        Raises: EngineCrashError when it dies or stands still before; ArtefactError when it cannot be understood.
        """
        await self._tell(order.to_line())
        while (line := await self._line()).endswith(b"\n"):  # it may die in the middle of one
            report = report_of(line)
            yield report
            if isinstance(report, Finished | Failed):
                return
        raise EngineCrashError(how_it_died("The process that ran the models", await self._process.wait()))

    async def answer(self, verdicts: Verdicts) -> None:
        """To ``VoicesHeard``; the child waits for it."""
        await self._tell(verdicts.to_line())

    async def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- asked for above
        self._process.stdin.write(line)
        with suppress(ConnectionError):  # it is dead: the pipe will say so
            await self._process.stdin.drain()

    async def _line(self) -> bytes:
        """Empty when it is dead. A model may compute for long without a word, but not without the processor: one that
        does neither hangs in a lock and would hang for ever, under a lease that is faithfully renewed."""
        heard_s, worked_s = time.monotonic(), _cpu_s(self.pid)
        while True:
            with suppress(TimeoutError):
                # Not wait_for: Python 3.11's forgets a cancel that comes together with a line, and whoever asked for
                # it waits for ever (seen with a worker that woke after its child had finished).
                async with asyncio.timeout(STALL_S / 10):
                    try:
                        return await self._pipe.readline()
                    except ValueError as error:
                        raise ArtefactError("The child said something endless.") from error
            if _cpu_s(self.pid) - worked_s > STALL_SHARE * STALL_S:
                heard_s, worked_s = time.monotonic(), _cpu_s(self.pid)
            elif time.monotonic() - heard_s > STALL_S and self.is_alive:
                raise EngineCrashError("The process that ran the models stood still and was ended.")

    async def kill(self) -> None:
        """Gone when this returns, with whatever it started in its session. The decoder dies with its parent."""
        kill_session(self._process)
        await self._process.wait()
        self._transport.close()
        get_logger().debug("child.ended", pid=self.pid)


def _cpu_s(pid: int) -> float:
    """Of the process and of the children it waited for; where nobody tells, it always works."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
