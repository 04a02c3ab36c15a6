"""Recordings on their way in: raw in one request, or resumable (tus 1.0.0)."""

from fastapi import APIRouter

router = APIRouter(tags=["Uploads"])
