"""Dependencies every endpoint may ask for."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel
from starlette.requests import HTTPConnection

ModelT = TypeVar("ModelT", bound=BaseModel)


def plugin_settings(name: str, schema: type[ModelT]) -> Callable[[HTTPConnection], Awaitable[ModelT]]:
    """A dependency that gives the settings of the plugin `name`, an instance of `schema`.

    BlogSettingsDep = Annotated[BlogSettings, Depends(plugin_settings("blog", BlogSettings))]
    """

    async def get_settings(connection: HTTPConnection) -> ModelT:
        value = connection.app.state.plugin_settings[name]
        if not isinstance(value, schema):
            raise TypeError(f"the settings of {name!r} are a {type(value).__name__}, expected {schema.__name__}")
        return value

    return get_settings
