"""Mount each router where its plugin puts it, unless the site says otherwise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import FastAPIError

from dovetail.errors import ConfigurationError
from dovetail.plugin import Mountable, Mounts, Plugin

API = "/api"


@dataclass(frozen=True, kw_only=True)
class NamedRouter:
    """A router, what a site calls it, and the path below which it is mounted."""

    name: str  # "blog.posts", or the plugin's name if its router has none
    owner: str  # a plugin's name, or "kernel"
    router: APIRouter | None  # None: no router, but something that the plugin's `setup` mounts at this very path
    path: str
    mounted: Mountable | None = None  # the site's own object for `setup` to mount there, such as an `AdminSite`


def routers_of(plugin: Plugin) -> Iterator[NamedRouter]:
    """Yield the routers of a plugin, and what its `setup` mounts, where the plugin puts them."""
    for routers, path in ((plugin.routers, API), (plugin.root_routers, "")):
        named = routers.items() if isinstance(routers, Mapping) else (("", router) for router in routers)
        for key, router in named:
            yield NamedRouter(name=f"{plugin.name}.{key}".rstrip("."), owner=plugin.name, router=router, path=path)
    for key, path in plugin.paths.items():
        yield NamedRouter(name=f"{plugin.name}.{key}", owner=plugin.name, router=None, path=path)


def place(offered: Sequence[NamedRouter], mounts: Mounts) -> list[NamedRouter]:
    """Return the routers where the site wants them, without those that it drops.

    A name in `mounts` is that of a router, or that of a plugin for all its routers that are not named themselves.
    Raise ConfigurationError with everything that is wrong: a name that nobody has, or what is no path.
    """
    if problems := list(_problems(offered, mounts)):
        raise ConfigurationError("\n".join(problems))
    return [placed for one in offered for placed in _placed(one, mounts)]


def include(app: FastAPI, routers: Iterable[NamedRouter]) -> None:
    """Mount routers in an application. Raise ConfigurationError for a route that would have no path at all."""
    for one in routers:
        if one.router is not None:
            try:
                app.include_router(one.router, prefix=one.path)
            except FastAPIError as error:
                raise ConfigurationError(
                    f"the router {one.name!r} cannot be mounted at {one.path!r}: {error}"
                ) from None


def _problems(offered: Sequence[NamedRouter], mounts: Mounts) -> Iterator[str]:
    names = list(dict.fromkeys([name for one in offered for name in (one.name, one.owner)]))
    for name, mount in mounts.items():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(names))}"
            yield f"the site mounts {name!r}, which is no router of an enabled plugin; {hint}"
        elif isinstance(mount, str):
            own = any(one.router is None for one in offered if name in {one.name, one.owner})
            if problem := "a path of its own" if own and not mount else _problem_of_path(mount):
                yield f"the site mounts {name!r} at {mount!r}, expected {problem}"
        elif several := _several(mount):
            yield from _problems_of_several(name, [one for one in offered if name in {one.name, one.owner}], several)
        elif mount is not None and not isinstance(mount, APIRouter):
            yield f"the site mounts {name!r} as a {type(mount).__name__}, expected a path, an APIRouter, or None"
        elif mount is not None and len(replaced := [one.name for one in offered if name in {one.name, one.owner}]) > 1:
            yield f"the site replaces {name!r}, which has {len(replaced)} routers: {', '.join(replaced)}; name one"


def _problems_of_several(name: str, meant: Sequence[NamedRouter], several: Sequence[Mountable]) -> Iterator[str]:
    if [one.router for one in meant] != [None]:
        yield f"the site mounts {name!r} as a {type(several[0]).__name__}, expected a path, an APIRouter, or None"
    for one in several:
        if problem := _problem_of_path(one.path) if one.path else "a path of its own":
            yield f"the site mounts {name!r} at {one.path!r}, expected {problem}"
    paths = sorted(f"{one.path}/" for one in several)  # so that what lies within another comes right behind it
    for above, below in pairwise(paths):
        if below.startswith(above):
            within = f"at {above[:-1]!r} and at {below[:-1]!r}"
            yield f"the site mounts {name!r} {within}; neither may lie within the other"


def _problem_of_path(path: str) -> str | None:
    if path and not path.startswith("/"):
        return "a path that begins with a slash, or '' for the root"
    if path.endswith("/"):
        return "a path without a slash at its end, or '' for the root"
    return "a path without parameters" if "{" in path else None


def _placed(one: NamedRouter, mounts: Mounts) -> Iterator[NamedRouter]:
    mount = mounts.get(one.name, mounts.get(one.owner, one.path))
    if isinstance(mount, str):
        yield replace(one, path=mount)
    elif isinstance(mount, APIRouter):
        yield replace(one, router=mount)
    else:
        yield from (replace(one, path=each.path, mounted=each) for each in _several(mount))


def _several(mount: object) -> list[Mountable]:
    given = mount if isinstance(mount, list | tuple) else [mount]
    found = [one for one in given if isinstance(one, Mountable)]
    return found if len(found) == len(given) else []  # with anything else among them, the mount is refused
