"""Where things lie on this machine when no setting says otherwise."""

import os
from pathlib import Path

from platformdirs import user_data_path

from scribe.core.config import Settings
from scribe.domain.errors import OptionError

PRODUCT = "smart-meeting-scribe"


def data_dir(settings: Settings) -> Path:
    """Root's own folders are closed to the account that PostgreSQL must run under, hence /var/lib for root."""
    if settings.data_dir is not None:
        return settings.data_dir.expanduser().absolute()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib") / PRODUCT
    try:
        return user_data_path(PRODUCT) / "data"
    except RuntimeError as error:  # a container's user has neither a name nor a home
        raise OptionError("Set SCRIBE_DATA_DIR: this user has no home folder.") from error


def storage_url(settings: Settings) -> str:
    return settings.storage_url or str(data_dir(settings) / "files")


def scratch_dir(settings: Settings) -> Path:
    return (settings.scratch_dir or data_dir(settings) / "scratch").expanduser().absolute()
