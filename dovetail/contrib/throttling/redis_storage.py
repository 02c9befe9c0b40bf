"""GCRA in Redis or Valkey, based on the Redis storage of the `limits` library."""

from collections.abc import Sequence

from limits.aio.storage import RedisStorage
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.throttling import limits_private
from dovetail.contrib.throttling.statements import Cell
from dovetail.contrib.throttling.storages import CellResult, GcraSupport

# What is no number was stored by somebody else, and counts as nothing.
STORED = """
local function stored(key)
    local found = redis.pcall('GET', key)
    found = type(found) == 'string' and tonumber(found) or nil
    return found == found and found or nil
end
"""
# All cells or none, as in SQL, with Redis' own clock; a time more than `span` ahead, as after that was set back, is a
# full bucket. Lua's numbers are exact below 2**53, until the year 2255.
TAKE = (
    STORED
    + """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local untils, refused, answer = {}, false, {}
for number, key in ipairs(KEYS) do
    local step, span = tonumber(ARGV[2 * number - 1]), tonumber(ARGV[2 * number])
    local before = math.max(stored(key) or 0, now)
    if before > now + span then
        before = now + span
        redis.call('SET', key, string.format('%.0f', before), 'PX', math.ceil(span / 1000))
    end
    untils[number] = before + step
    local fits = before + step <= now + span
    refused = refused or not fits
    answer[2 * number - 1] = fits and step or 0
    answer[2 * number] = before - now
end
if refused then
    for number = 1, #KEYS do
        answer[2 * number - 1] = answer[2 * number - 1] > 0 and 1 or 0
    end
    return answer
end
for number, key in ipairs(KEYS) do
    local ahead = untils[number] - now
    redis.call('SET', key, string.format('%.0f', untils[number]), 'PX', math.ceil(ahead / 1000))
    answer[2 * number - 1], answer[2 * number] = 1, ahead
end
return answer
"""
)
GIVE_BACK = (
    STORED
    + """
for number, key in ipairs(KEYS) do
    local found = stored(key)
    if found then
        redis.call('SET', key, string.format('%.0f', found - tonumber(ARGV[number])), 'KEEPTTL')
    end
end
"""
)
REMEMBER = "redis.call('SET', KEYS[1], 1, 'EX', ARGV[1])"
TIMEOUT = 1.0  # seconds to wait for an answer of the server


class RedisGcraStorage(RedisStorage, GcraSupport):
    """Counts requests in a server of Redis 6 or later, or of Valkey."""

    def __init__(self, uri: str, key_prefix: str) -> None:
        super().__init__(
            f"async+{uri}",
            implementation="redispy",
            key_prefix=key_prefix,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
        )
        self._take = limits_private.register_script(self, TAKE)
        self._remember = limits_private.register_script(self, REMEMBER)
        self._give_back = limits_private.register_script(self, GIVE_BACK)

    async def take_cells(self, cells: Sequence[Cell]) -> Sequence[CellResult]:
        """Count a request in each cell with one script, or in none of them if one refuses it."""
        arguments = [number for cell in cells for number in (cell.step, cell.span)]
        answer = await self._take(self._keys(cells), arguments)
        return [
            CellResult(cell, ahead, not fits)
            for cell, fits, ahead in zip(cells, answer[::2], answer[1::2], strict=True)
        ]

    async def give_back_cells(
        self,
        cells: Sequence[Cell],
        remember: tuple[str, int] | None = None,
        session: AsyncSession | None = None,  # noqa: ARG002 - only for storages in the database
    ) -> None:
        """Undo the counting of a request, and remember a key for some seconds."""
        if cells:
            await self._give_back(self._keys(cells), [cell.step for cell in cells])
        if remember is not None:
            key, seconds = remember
            await self._remember([self.bridge.prefixed_key(key)], [seconds])

    async def forget_keys(self, prefix: str, part: str) -> int:
        """Delete the keys that begin with `prefix` and contain `part`, and return how many there were."""
        begin = self.bridge.prefixed_key(prefix)
        found = [key async for key in limits_private.scan(self, begin) if part in key[len(begin) :]]
        for key in found:
            await self.clear(key.removeprefix(self.bridge.prefixed_key("")))
        return len(found)

    async def remembers_key(self, key: str) -> bool:
        """Return True if the key is remembered."""
        return await limits_private.exists(self, self.bridge.prefixed_key(key))

    async def aclose(self) -> None:
        """Close the connections."""
        await limits_private.close(self)

    def _keys(self, cells: Sequence[Cell]) -> list[str]:
        return [self.bridge.prefixed_key(cell.key) for cell in cells]
