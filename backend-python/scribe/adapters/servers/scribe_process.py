"""The API and the workers as children of ``scribe up``.

Owns their command line, their log and their end; never what they do. They are killed when ``scribe up`` dies: a worker
that hangs would keep its meeting otherwise, and the lease makes killing safe.
"""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scribe.adapters.servers import children
from scribe.domain.errors import UnavailableError

STOP_TIMEOUT_S = 10.0


class ScribeProcess:
    stop_signal = signal.SIGTERM
    stop_timeout_s = STOP_TIMEOUT_S

    def __init__(self, name: str, module: str, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._module = module
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise UnavailableError(f"{self.name} is not running.")
        return self._child

    def launch(self) -> None:
        self._child = children.start(
            [sys.executable, "-P", "-m", self._module],  # -P: a folder called scribe where we stand is not the package
            account=children.Account(),
            log=self.log,
            death_signal=signal.SIGKILL,
            environment=self._environment,
            folder=Path.cwd(),
        )
