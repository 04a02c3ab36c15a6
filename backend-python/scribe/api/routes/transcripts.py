"""What came of a meeting: transcript, results, exports."""

from fastapi import APIRouter

router = APIRouter(tags=["Transcripts"])
