"""Health, metrics, queue and workers."""

from fastapi import APIRouter

router = APIRouter(tags=["Operations"])
