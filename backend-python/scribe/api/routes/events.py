"""Live progress (SSE)."""

from fastapi import APIRouter

router = APIRouter(tags=["Events"])
