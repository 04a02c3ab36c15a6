"""The worker process: builds its parts, runs them side by side, ends them in order.

Owns signals and shutdown: the first SIGTERM or SIGINT releases the meeting under way (its checkpoints make that cheap)
and ends within seconds, a second one ends at once. Killed in any other way, it leaves nothing running either: its
child dies with it, and the lease runs out.

Usage::

    asyncio.run(WorkerProcess(settings).run())
"""

import asyncio
import os
import signal
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial

import structlog

from scribe.adapters.queue import Bell
from scribe.adapters.storage import Storage
from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.broker import build_broker
from scribe.core.config import Settings
from scribe.core.database import SHORT_IDLE_IN_TRANSACTION_S, build_engine
from scribe.core.logging import get_logger
from scribe.core.paths import scratch_dir, storage_url
from scribe.core.telemetry import open_telemetry
from scribe.domain.errors import OptionError
from scribe.domain.typography import ReadingLanguage
from scribe.services.housekeeping import Housekeeping
from scribe.services.indexing import Indexer
from scribe.services.queue import Queue
from scribe.services.reaper import Reaper
from scribe.services.recognition import Recognition
from scribe.services.rewriting import rewrite_pending
from scribe.services.voice_desk import VoiceDesk
from scribe.worker.drain import Drain
from scribe.worker.presence import Presence, with_models, worker_facts
from scribe.worker.receiver import leave, listen_for_ever
from scribe.worker.runner import JobRunner
from scribe.worker.scratch import Scratch
from scribe.worker.tables import end_when_unfit, wait_for_tables
from scribe.worker.tasks import register_tasks
from scribe.worker.voice_child_process import STALL_MARGIN_S, VoiceChild
from scribe.worker.voice_lane import VoiceLane
from scribe.worker.wiring import build_matcher, voice_model

SHUTDOWN_S = 4.5
"""Whoever asked us to end waits 5 s. What is not done by then is done by the lease's end."""
LEAVE_TIMEOUT_S = 0.5
LANE_STOP_S = 2.5
"""Since the drain has ended; both are told at the same time. A clip that is not given back by then is when its lease
runs out."""
CHORE_MEETINGS = 5
"""Recognised again, indexed, or written with new names, before the lane looks at the other kind of work."""


class WorkerProcess:
    def __init__(self, settings: Settings) -> None:
        """Raises: OptionError when DATABASE_URL or REDIS_URL is missing."""
        if settings.database_url is None or settings.redis_url is None:
            raise OptionError("Set DATABASE_URL and REDIS_URL, or start everything with `scribe up`.")
        self._settings = settings
        self._database_url = settings.database_url
        self._broker = build_broker(settings.redis_url, settings.queue.stream)
        self._is_ending = False

    async def run(self) -> None:
        """Until a signal. Nothing needs to be there yet: database and Redis may come later, or go and come back."""
        settings, facts, log = self._settings, worker_facts(self._settings), get_logger()
        structlog.contextvars.bind_contextvars(worker_id=facts.id)  # for every line of this process
        telemetry = open_telemetry(settings.telemetry, role="worker", instance=facts.id)
        engine = build_engine(
            self._database_url,
            pool_size=4,
            application="scribe-worker",
            idle_in_transaction_s=SHORT_IDLE_IN_TRANSACTION_S,
        )
        patient_engine = build_engine(self._database_url, pool_size=4, application="scribe-worker-files")
        units, patient_units = UnitOfWorkFactory(engine), UnitOfWorkFactory(patient_engine)
        storage, bell = Storage(storage_url(settings)), Bell(self._broker)
        queue, publisher = Queue(units, settings.queue), Queue(patient_units, settings.queue)
        with Scratch(scratch_dir(settings), facts.id) as scratch:
            matcher, model = build_matcher(settings), voice_model(settings)
            recognition = Recognition(units, settings, matcher, model)
            runner = JobRunner(
                queue, publisher, recognition, storage, scratch, self._database_url, settings,
                worker_id=facts.id, telemetry=telemetry,
            )  # fmt: skip
            indexer = Indexer(patient_units, storage)
            drain = Drain(queue, runner, facts.id, settings.queue.poll_every_s)
            presence = Presence(units, facts, runner, partial(with_models, settings=settings), scratch.sign)
            lane = VoiceLane(
                VoiceDesk(patient_units, storage, settings, matcher, model=model),
                storage,
                scratch,
                settings.queue,
                {
                    "recognition": lambda: recognition.again_pending(CHORE_MEETINGS),
                    "passages": lambda: indexer.index_pending(CHORE_MEETINGS),
                    "names": lambda: rewrite_pending(patient_units, storage, CHORE_MEETINGS, _language(settings)),
                },
                partial(VoiceChild, settings.audio.stall_timeout_s + STALL_MARGIN_S),
            )

            async def look_for_work() -> None:
                lane.wake()
                await drain.look_for_work()

            register_tasks(self._broker, look_for_work)
            self._heed_signals(drain, lane)
            await wait_for_tables(engine, drain.is_stopping, scratch.sign)
            log.info("worker.started", device=facts.device)
            voices = asyncio.create_task(lane.run(), name="voices")
            helpers = [
                asyncio.create_task(work, name=name)
                for name, work in {
                    "presence": presence.tell_for_ever(),
                    "receiver": listen_for_ever(self._broker),
                    "reaper": Reaper(units, bell, settings.queue).run_forever(),
                    "housekeeping": Housekeeping(patient_units, storage, settings, bell).run_forever(),
                    "tables": end_when_unfit(engine, drain.stop),
                }.items()
            ]
            try:
                await drain.run()
            finally:
                lane.stop()
                await asyncio.wait({voices}, timeout=LANE_STOP_S)
                for helper in (*helpers, voices):
                    helper.cancel()
                await asyncio.wait(helpers, timeout=1.0)
                await runner.close()
                await presence.say_goodbye()
                await _at_most(leave(self._broker), LEAVE_TIMEOUT_S)
                await _at_most(self._broker.shutdown(), LEAVE_TIMEOUT_S)
                await _at_most(engine.dispose(), LEAVE_TIMEOUT_S)
                await _at_most(patient_engine.dispose(), LEAVE_TIMEOUT_S)
                await asyncio.to_thread(telemetry.close, LEAVE_TIMEOUT_S)
        log.info("worker.stopped")

    def _heed_signals(self, drain: Drain, lane: VoiceLane) -> None:
        loop = asyncio.get_running_loop()

        def end() -> None:
            if self._is_ending:
                os._exit(1)  # the child dies with us
            self._is_ending = True
            loop.call_later(SHUTDOWN_S, os._exit, 0)
            get_logger().info("worker.stopping")
            lane.stop()
            drain.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)


def _language(settings: Settings) -> ReadingLanguage | None:
    return None if settings.language == "auto" else settings.language


async def _at_most(work: Awaitable[object], seconds: float) -> None:
    """Best effort on the way out."""
    with suppress(Exception):
        await asyncio.wait_for(work, seconds)
