"""Dependencies every endpoint may ask for."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from dovetail.state import StateKey

ModelT = TypeVar("ModelT", bound=BaseModel)
PLUGIN_SETTINGS = StateKey[Mapping[str, BaseModel]]("plugin_settings")  # by the names of the plugins


def plugin_settings(name: str, schema: type[ModelT]) -> Callable[[HTTPConnection], Awaitable[ModelT]]:
    """A dependency that gives the settings of the plugin `name`, an instance of `schema`.

    BlogSettingsDep = Annotated[BlogSettings, Depends(plugin_settings("blog", BlogSettings))]
    """

    async def get_settings(connection: HTTPConnection) -> ModelT:
        value = PLUGIN_SETTINGS.get(connection.app)[name]
        if not isinstance(value, schema):
            raise TypeError(f"the settings of {name!r} are a {type(value).__name__}, expected {schema.__name__}")
        return value

    return get_settings
