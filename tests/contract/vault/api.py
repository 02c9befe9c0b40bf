"""The resources of the vault; everybody does everything."""

from fastapi import APIRouter

from dovetail.resources.resource import Open, Resource
from tests.contract.vault.models import Note, Stay

stays = Resource(model=Stay, fields=("room", "nights"), policy=Open())
notes = Resource(model=Note, fields=("number", "code", "text"), policy=Open())
router = APIRouter(prefix="/vault", tags=["vault"])
for _one in (stays, notes):
    router.include_router(_one.router)
