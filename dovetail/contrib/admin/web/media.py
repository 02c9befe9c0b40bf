"""Serve the style sheets and scripts of plugins for their views, and find missing ones."""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from dovetail.contrib.admin.options.options import NoMedia
from dovetail.contrib.admin.web.rendering import path_for

FOLDER = "static"  # of a plugin, in its package
IMPORTS = re.compile(
    r"""^(?:import\s[^;()]*["']|export\s+(?:const|let|var|function|class|default|async|\{))""", re.MULTILINE
)
Folders = Mapping[str, tuple[Path, Path]]  # by plugin: where its files are, the site's own folder first


@dataclass(frozen=True)
class LoadedFiles:
    """The URLs of the files that a page loads for its view: style sheets with their media types, and scripts."""

    css: Sequence[tuple[str, str]]
    js: Sequence[str]


def media_folders(packages: Iterable[str], site_files: Path) -> dict[str, tuple[Path, Path]]:
    """Return where the files of each plugin are, by the name of its package; those of the site's own folder win."""
    folders = {}
    for package in packages:
        name = package.rpartition(".")[2]
        own = Path(importlib.import_module(package).__path__[0]) / FOLDER  # which one without __init__.py has as well
        folders[name] = (site_files / name, own)
    return folders


def find_unfit_media(view: type[object], media: type[object], folders: Folders) -> Iterator[str]:
    """Yield the problems of a view's `Media`: invalid entries and missing files."""
    given = {name: value for cls in media.__mro__[:-1] for name, value in vars(cls).items() if not name.startswith("_")}
    for name in given:
        if name not in {"css", "js"}:
            yield f"{view.__name__}: Media has {name!r}, expected css and js"
    css, js = given.get("css", {}), given.get("js", ())
    if not isinstance(css, Mapping) or any(isinstance(files, str) for files in css.values()):
        yield f"{view.__name__}: Media.css is {css!r}, expected a dict such as {{'all': ('blog/post.css',)}}"
        return
    if isinstance(js, str) or not isinstance(js, Sequence):
        yield f"{view.__name__}: Media.js is {js!r}, expected a tuple such as ('blog/post.js',)"
        return
    for path in [*(path for files in css.values() for path in files), *js]:
        if problem := _refuse(path, folders):
            yield f"{view.__name__}: Media names {path!r}, {problem}"


def media_of(media: type[object], request: Request) -> LoadedFiles:
    """Return the files that a page of a view loads, by its `Media`."""
    if media is NoMedia:
        return LoadedFiles((), ())

    def url(path: str) -> str:
        plugin, _, rest = path.partition("/")
        return path_for(request, f"admin:media-{plugin}", path=rest)

    css: Mapping[str, Iterable[str]] = getattr(media, "css", {})
    sheets = [(url(path), kind) for kind, paths in css.items() for path in paths]
    return LoadedFiles(sheets, [url(path) for path in getattr(media, "js", ())])


def _refuse(path: object, folders: Folders) -> str:
    if not isinstance(path, str) or "://" in path or path.startswith("/") or ".." in path.split("/"):
        return "expected a file of a plugin, such as 'blog/post.js': pages load nothing from elsewhere"
    plugin, _, rest = path.partition("/")
    if plugin not in folders:
        return f"which is of no plugin; it begins with one of {', '.join(sorted(folders))}"
    if not any((folder / rest).is_file() for folder in folders[plugin]):
        return f"which is not there; put it into {folders[plugin][-1] / rest}"
    if path.endswith(".js"):
        found = next(folder / rest for folder in folders[plugin] if (folder / rest).is_file())
        if IMPORTS.search(found.read_text(encoding="utf-8", errors="replace")):
            return f"which imports or exports as modules do; call it {path.removesuffix('.js') + '.mjs'!r}"
    return ""
