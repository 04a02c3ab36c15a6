"""The recording itself: audio with ranges, the waveform."""

from fastapi import APIRouter

router = APIRouter(tags=["Recordings"])
