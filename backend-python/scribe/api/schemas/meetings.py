"""Meetings over HTTP. (What a client wishes for a new one: ``drafts.py``.)"""

from scribe.api.schemas.drafts import DraftFields, draft_from

__all__ = ["DraftFields", "draft_from"]
