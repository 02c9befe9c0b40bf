"""Two operations of one name."""

from fastapi import APIRouter

first = APIRouter(prefix="/first")
second = APIRouter(prefix="/second")


@first.get("/things")
@second.get("/things")
async def list_things() -> list[str]:
    return []
