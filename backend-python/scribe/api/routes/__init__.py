"""All routes, one file per noun; each file has one ``router``."""

from importlib import import_module

from fastapi import APIRouter

NOUNS = (
    "accounts", "users", "meetings", "recordings", "previews", "transcripts", "edits", "search", "speakers", "people",
    "voices", "uploads", "resumable", "events", "operations", "installation", "audit",
)  # fmt: skip
"""In the order in which the documentation shows them."""


def routers() -> list[APIRouter]:
    return [import_module(f"scribe.api.routes.{noun}").router for noun in NOUNS]
