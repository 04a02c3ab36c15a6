"""What every server that we start ourselves has in common: it is a child, and a block is how long it lives."""

import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from scribe.adapters.servers import children
from scribe.domain.errors import UnavailableError


class Server(ABC):
    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    stop_timeout_s: ClassVar[float]

    def __init__(self, folder: Path, port: int, log: Path) -> None:
        self._folder = folder
        self._port = port
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise UnavailableError(f"{self.name} is not running.")
        return self._child

    @property
    def log(self) -> Path:
        return self._log

    @abstractmethod
    def launch(self) -> None:
        """Started, not ready yet: what is needed after a crash, when everybody connects again by themselves."""

    @abstractmethod
    def _become_ready(self) -> None:
        """Returns when it answers. Raises: UnavailableError with the last lines of its log."""

    def start(self) -> None:
        """Ready when it returns. Raises: UnavailableError with the last lines of its log, ResourceError."""
        try:
            self.launch()
            self._become_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._child is not None:
            children.stop(self._child, self.stop_signal, self.stop_timeout_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
