"""What is stored and which models are installed, for administrators."""

from fastapi import APIRouter

from scribe.api.context import Ctx
from scribe.api.schemas.installation import ModelsOut, StorageUseOut
from scribe.api.security import Administrator
from scribe.services import installation

router = APIRouter(prefix="/api/v1", tags=["Operations"])


@router.get("/storage", operation_id="get_storage_use", summary="What takes how much room")
async def read_storage_use(_: Administrator, ctx: Ctx) -> StorageUseOut:
    """Measured by listing the storage, remembered for some minutes: `measured_at` says when."""
    return StorageUseOut.of(await ctx.storage_use.read(ctx.units, ctx.storage))


@router.get("/models", operation_id="list_models", summary="Models, and where they are installed")
async def list_models(_: Administrator, ctx: Ctx) -> ModelsOut:
    """As living workers report them; `scribe models install` installs one on the machine of a worker."""
    return ModelsOut.of(await installation.models(ctx.units))
