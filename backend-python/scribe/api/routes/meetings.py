"""Meetings: list, read, change, cancel, retry, run again, delete."""

from fastapi import APIRouter

router = APIRouter(tags=["Meetings"])
