"""The languages of a site and their gettext catalogs, from `locale/<language>/LC_MESSAGES/` folders.

Catalogs come from the site, from plugins and from Dovetail itself. `messages.mo` has the texts of Python code and
templates, `scripts.mo` those of JavaScript. The site's catalog comes first, then those of the plugins in their order;
but for a text of a plugin, the plugin's own catalog comes before those of other plugins
(https://www.gnu.org/software/gettext/manual/).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

FRAMEWORK = Path(__file__).parents[1] / "contrib" / "admin" / "locale"
FOLDER = "locale"


@dataclass(frozen=True, eq=False)
class Language:
    """A language with its translations; `script` is the JavaScript that gives pages the texts of scripts."""

    code: str  # in lower case, as in Accept-Language: "de", "pt-br"
    name: str  # in the language itself
    messages: NullTranslations = field(default_factory=NullTranslations)
    script: str = ""  # empty if scripts need no translations
    own: Mapping[str, NullTranslations] = field(default_factory=dict)  # of plugins with a catalog, by package
    homes: Mapping[Path, str] = field(default_factory=dict)  # the packages of plugins, by their folders

    def messages_of(self, module: str) -> NullTranslations:
        """Return the translations for texts of a module: those of its plugin, if it has a catalog, come first."""
        if not self.own:
            return self.messages
        while module and module not in self.own:
            module = module.rpartition(".")[0]
        return self.own.get(module, self.messages)

    def messages_in(self, file: str) -> NullTranslations:
        """Return the translations for texts of a template: those of the plugin that has the file come first."""
        if file not in self._by_file:
            home = next((self.homes[one] for one in Path(file).parents if one in self.homes), "")
            self._by_file[file] = self.own.get(home, self.messages)
        return self._by_file[file]

    @cached_property
    def _by_file(self) -> dict[str, NullTranslations]:  # one entry per template
        return {}

    @cached_property
    def script_hash(self) -> str:
        """The hash of the script, for cache validation."""
        return sha256(self.script.encode()).hexdigest()[:32]


ENGLISH = Language("en", "English")


@dataclass(frozen=True)
class Languages:
    """The languages of a site by code, and the default one."""

    known: Mapping[str, Language]
    default: Language

    @classmethod
    def load(cls, offered: Sequence[tuple[str, str]], default: str, folders: Mapping[Path, str]) -> "Languages":
        """Load the catalogs of the `offered` languages, pairs of code and name, from `folders` (folder to package)."""
        known = {code: _load(code, name, folders) for code, name in offered}
        return cls(known, known[default])

    def find(self, code: str) -> Language | None:
        """Return a language by its code; for `de-AT`, also `de`. None if there is none."""
        wanted = code.lower()
        while wanted and wanted not in self.known:
            wanted = wanted.rpartition("-")[0]
        return self.known.get(wanted)


def locale_folders(base_dir: Path, packages: Iterable[str]) -> dict[Path, str]:
    """Return the folders that may contain catalogs, with their packages: `project/locale` (""), then each plugin's."""
    found = {base_dir / "project" / FOLDER: ""}
    for package in packages:
        spec = find_spec(package)
        found |= {Path(place) / FOLDER: package for place in (spec and spec.submodule_search_locations) or ()}
    return found


def folder_of(code: str) -> str:
    """Return the name of a language's folder in gettext's notation: `de`, `pt_BR`, `zh_Hans`."""
    language, _, rest = code.partition("-")
    if not rest:
        return language
    return f"{language}_{rest.upper() if len(rest) == 2 else rest.title()}"  # noqa: PLR2004 - length of a country code


def _load(code: str, name: str, folders: Mapping[Path, str]) -> Language:
    messages, scripts = NullTranslations(), dict[str, str]()
    for place in reversed([*folders, FRAMEWORK]):
        folder = place / folder_of(code) / "LC_MESSAGES"
        if (path := folder / "messages.mo").is_file():
            messages = _over(path, messages)
        if (path := folder / "scripts.mo").is_file():
            scripts |= _all_of(path)
    homes = {place.parent: package for place, package in folders.items() if package}
    script = _script(scripts, _own_scripts(code, folders, scripts))
    return Language(code, name, messages, script, _own(code, folders, messages), homes)


def _own(code: str, folders: Mapping[Path, str], messages: NullTranslations) -> dict[str, NullTranslations]:
    """Return each plugin's translations: the site's first, then the plugin's own, then those of everybody."""
    anew, there = _brought(code, folders, "messages.mo")
    own = {package: _over(path, messages) for package, path in there.items()}
    return own if anew is None else {package: _over(anew, one) for package, one in own.items()}


def _own_scripts(code: str, folders: Mapping[Path, str], scripts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the translations for scripts of each plugin that differ from those for all others."""
    anew, there = _brought(code, folders, "scripts.mo")
    last = {} if anew is None else _all_of(anew)
    own = {package: {**_all_of(path), **last} for package, path in there.items()}
    return {package: said for package, all_said in own.items() if (said := dict(all_said.items() - scripts.items()))}


def _brought(code: str, folders: Mapping[Path, str], name: str) -> tuple[Path | None, dict[str, Path]]:
    """Return the paths of the site's catalog, and of those of plugins by package."""
    paths = {package: place / folder_of(code) / "LC_MESSAGES" / name for place, package in folders.items()}
    there = {package: path for package, path in paths.items() if path.is_file() and FRAMEWORK not in path.parents}
    return there.pop("", None), there


def _script(scripts: Mapping[str, str], own: Mapping[str, Mapping[str, str]]) -> str:
    both = {"translated": scripts, "translatedBy": own}
    return "".join(f"globalThis.{name} = {json.dumps(said, sort_keys=True)};\n" for name, said in both.items() if said)


def _over(path: Path, beneath: NullTranslations) -> NullTranslations:
    found = copy(_read(path))  # a shallow copy, which shares the texts
    found.add_fallback(beneath)
    return found


def _all_of(path: Path) -> Mapping[str, str]:
    texts: dict[object, str] = vars(_read(path))["_catalog"]  # gettext has no public way to list a catalog's texts
    return {text: said for text, said in texts.items() if isinstance(text, str) and text}


def _read(path: Path) -> GNUTranslations:
    state = path.stat()
    return _parsed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)  # shared by the applications of a process; a recompiled file is read again
def _parsed(path: Path, _changed: int, _size: int) -> GNUTranslations:
    with path.open("rb") as file:
        return GNUTranslations(file)
