"""The part of a resource that a list's path names, found without FastAPI: the tag of `GET /tags/{name}/posts`.

What finds it is a FastAPI dependency. If all that it asks for is parameters of the path, the viewer, and where it can
read, the fast path gives it the same by itself.
"""

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias, get_args, get_origin

from fastapi import params
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from dovetail.database.prepared_reads import ReadSource
from dovetail.database.session import SourceDep
from dovetail.resources.policy import Recognized
from dovetail.resources.visibility import Visibility
from dovetail.resources.within import Within

Named: TypeAlias = Mapping[str, object]  # a value for each placeholder
# A FastAPI dependency that gives the values of the placeholders in the condition of a list.
Values: TypeAlias = Callable[..., Awaitable[Named] | Named]


@dataclass(frozen=True)
class FastPlace:
    """A condition, and who gives the values of its placeholders for a request, if it has any."""

    within: Within
    values: Callable[..., Awaitable[Named]] | None = None
    parameters: Mapping[str, TypeAdapter[object]] | None = None  # of the path, that `values` takes
    viewer: str | None = None  # the names of the other two arguments, if it takes them
    source: str | None = None

    @classmethod
    def of(cls, within: Within, values: Values | None, path: Collection[str], reader: object) -> "FastPlace | None":
        """Return None if `values` asks for more than names in the path, the policy's `reader` and a SourceDep."""
        if values is None:
            return cls(within)
        if not inspect.iscoroutinefunction(values):
            return None
        try:
            signature = inspect.signature(values, eval_str=True)
        except NameError:  # FastAPI says so, if it is one
            return None
        found: dict[str, TypeAdapter[object]] = {}
        others: dict[str, str] = {}
        for name, parameter in signature.parameters.items():
            annotation = parameter.annotation
            if annotation == reader:
                others["viewer"] = name
            elif annotation == SourceDep:
                others["source"] = name
            elif name in path and parameter.default is inspect.Parameter.empty and _is_plain(annotation):
                found[name] = TypeAdapter(annotation)
            else:
                return None
        return cls(within, values, found, **others)

    async def narrow(
        self, visibility: Visibility, request: Request, source: ReadSource, recognized: Recognized[object]
    ) -> Visibility | None:
        """Return the part of what the viewer may see; None if a parameter of the path is wrong, as FastAPI explains.

        Raises what `values` raises.
        """
        if self.values is None or self.parameters is None:
            return visibility.narrowed(self.within, {})
        texts = request.scope["path_params"]
        try:
            arguments = {name: adapter.validate_python(texts[name]) for name, adapter in self.parameters.items()}
        except ValidationError:
            return None
        if self.viewer is not None:
            arguments[self.viewer] = recognized.viewer
        if self.source is not None:
            arguments[self.source] = source
        return visibility.narrowed(self.within, await self.values(**arguments))


def _is_plain(annotation: object) -> bool:
    """Return whether FastAPI gives a parameter of this annotation as it stands in the path, under its own name.

    A parameter with a default is none: the default may be a `Path` that has more to say.
    """
    if get_origin(annotation) is not Annotated:
        return annotation is not inspect.Parameter.empty
    infos = [one for one in get_args(annotation)[1:] if isinstance(one, (params.Param, params.Depends, params.Body))]
    return all(isinstance(one, params.Path) and one.alias is None for one in infos)
