"""``python -m scribe.worker``: a worker until it is told to stop."""

import asyncio
import logging
import sys

from scribe.core.config import load_settings
from scribe.core.logging import configure_logging
from scribe.domain.errors import ScribeError
from scribe.worker.process import WorkerProcess


def main() -> int:
    try:
        settings = load_settings()
        configure_logging(settings.log_level, as_json=True)
        logging.getLogger("taskiq").setLevel(logging.CRITICAL)  # receiver.py says what matters, once
        asyncio.run(WorkerProcess(settings).run())
    except ScribeError as error:
        sys.stderr.write(f"{error} [{error.code}]\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
