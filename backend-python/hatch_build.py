"""Puts the built web interface into the wheel as ``scribe/web``: image, air-gap pack and ``pip install`` are one wheel.

Owns which folder that is and that it is whole; never builds it (``make web`` does). An editable install takes nothing:
there ``scribe.api.web`` finds ``frontend-nextjs/out`` by itself, and ``make setup`` comes before ``make web``.

The environment variable WEB_EXPORT names another folder, or ``none`` for a wheel without a web interface.
"""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = "scribe/web"


class WebExportHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        chosen = os.environ.get("WEB_EXPORT", "")
        if chosen == "none":
            return
        folder = Path(chosen) if chosen else Path(self.root).parent / "frontend-nextjs" / "out"
        if not (folder / "index.html").is_file():
            raise FileNotFoundError(
                f"The web interface is not built ({folder} has no index.html): run `make web`, name a folder with "
                "WEB_EXPORT=..., or build without one with WEB_EXPORT=none."
            )
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                build_data["force_include"][str(file)] = f"{INSIDE}/{file.relative_to(folder).as_posix()}"
