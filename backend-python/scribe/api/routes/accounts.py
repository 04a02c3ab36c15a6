"""Signing in, users, API tokens."""

from fastapi import APIRouter

router = APIRouter(tags=["Accounts"])
