"""Headers as ASGI has them: a few pairs of bytes, names in lower case. Looking is cheaper than making an object."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first value of the request's header `name`, which is in lower case; empty without one."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""
