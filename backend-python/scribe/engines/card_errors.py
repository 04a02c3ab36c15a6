"""What an error of CTranslate2, ONNX Runtime or torch on a card means.

Owns the texts: the libraries tell by their words alone whether memory ran out, and whether the card is still usable.

Usage::

    with card_errors("The Whisper model"):
        model.generate(...)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from scribe.domain.errors import CardError, ResourceError


class Trouble(Enum):
    MEMORY = "memory"
    """The card goes on; something smaller may fit."""
    CARD = "card"
    """The process's connection to the card is gone for good (a CUDA context does not recover): only a new process
    helps."""


_MEMORY = (
    "out of memory",  # CUDA's cudaErrorMemoryAllocation: CTranslate2, torch, "CUDA failure 2: out of memory" of ONNX
    "failed to allocate memory",  # ONNX Runtime's arena (bfc_arena.cc)
    "smaller than requested bytes",  # the same, against gpu_mem_limit
    "alloc_failed",  # CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED
    "bad_alloc",
)
_CARD = (
    "cuda failed with error",  # CTranslate2, src/cuda/utils.h
    "cublas failed with status",
    "cuda failure",  # ONNX Runtime, cuda_call.cc
    "cudnn failure",
    "cublas failure",
    "cufft failure",
    "curand failure",
    "cuda error",  # torch
    "cudnn error",
    "libcublas",  # "Library libcublas.so.12 is not found or cannot be loaded"
)


def trouble_of(message: str) -> Trouble | None:
    """``None``: nothing of the card's."""
    text = message.lower()
    if any(sign in text for sign in _MEMORY):
        return Trouble.MEMORY
    return Trouble.CARD if any(sign in text for sign in _CARD) else None


@contextmanager
def card_errors(what: str) -> Iterator[None]:
    """Raises: ResourceError for memory, CardError for a card that is lost; other errors pass as they are."""
    try:
        yield
    except MemoryError as error:
        raise ResourceError(f"{what} ran out of memory: choose a smaller model or a smaller batch.") from error
    except Exception as error:
        trouble = trouble_of(str(error))
        if trouble is Trouble.MEMORY:
            raise ResourceError(
                f"{what} ran out of the card's memory: choose a smaller model or a smaller batch."
            ) from error
        if trouble is Trouble.CARD:
            raise CardError(f"{what} lost the card: {first_line(error)}") from error
        raise


def first_line(error: BaseException) -> str:
    """CUDA's reason without the trace that the libraries append."""
    return str(error).strip().partition("\n")[0][:300]
