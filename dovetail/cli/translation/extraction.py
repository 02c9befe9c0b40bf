"""Take the texts out of the code, the templates and the scripts of a folder (https://babel.pocoo.org/)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file

Keywords: TypeAlias = "dict[str, tuple[int | tuple[int, str], ...] | None]"
KEYWORDS: Keywords = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
OF_SCRIPTS: Keywords = {"gettext": None, "ngettext": None}
KINDS = {".py": "python", ".html": "jinja2.ext:babel_extract", ".txt": "jinja2.ext:babel_extract"}
LEFT_OUT = {"tests", "migrations", "locale", "__pycache__"}
COMMENT = "Translators:"  # what a comment begins with that goes to the translator


@dataclass(frozen=True)
class Source:
    """A folder that has texts, and where its catalogs are; `names` are those of its models, which no code marks."""

    folder: Path
    locale: Path
    names: Sequence[str] = ()


def extract(source: Source, domain: str) -> Catalog:
    """Return the texts of a folder: of its scripts, for the domain `scripts`, or else of everything else."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    for path in sorted(source.folder.rglob("*")):
        inner = path.relative_to(source.folder)
        if LEFT_OUT & set(inner.parts) or not path.is_file():
            continue
        for text, comments, context in _texts(path, domain):
            catalog.add(text, locations=[(inner.as_posix(), 0)], auto_comments=comments, context=context)
    for name in source.names if domain == "messages" else ():
        catalog.add(name, auto_comments=["a name of a model, or of one of its columns"])
    return catalog


def placeholders(texts: str | Iterable[str]) -> set[str]:
    """Return the names and marks in which values are put into a text."""
    every = [texts] if isinstance(texts, str) else texts
    return {mark for text in every for mark in re.findall(r"%\(\w+\)[a-z]|%[sdr]|\{\w*\}", text)}


def _texts(path: Path, domain: str) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    if domain == "scripts":
        if path.suffix in {".js", ".mjs"}:
            for text, comments, context in _found(path, "javascript", OF_SCRIPTS):
                # A script has no plural forms of its own: each of its texts stands for itself.
                for one in [text] if isinstance(text, str) else text:
                    yield one, comments, context
    elif path.suffix in KINDS and (path.suffix != ".txt" or "templates" in path.parts):
        yield from _found(path, KINDS[path.suffix], KEYWORDS)


def _found(
    path: Path, method: str, keywords: Keywords
) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    options["parse_template_string"] = "true"  # of scripts: `${gettext("Ctrl")} S`
    found = extract_from_file(method, path, keywords, [COMMENT], options, strip_comment_tags=True)
    for _line, text, comments, context in found:
        yield text, list(comments), context
