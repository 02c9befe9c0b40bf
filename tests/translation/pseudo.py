"""A language in which every text is marked, so that what was not translated stands out."""

import re
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog

from config.settings import Settings
from dovetail.cli.state import State
from dovetail.cli.translation.catalogs import as_mo
from dovetail.cli.translation.commands import OURS, sources
from dovetail.cli.translation.extraction import extract
from dovetail.cli.translation.names import names_of
from dovetail.plugin import Plugin

CODE = "eo"
MARKED = re.compile("⟦[^⟦⟧]*⟧")
FORMATS = {"date format", "between thousands", "before decimals"}
SHOWN = {"aria-label", "title", "placeholder", "alt", "data-placeholder", "data-label"}
VOID = {"br", "img", "input"}
SILENT = {"script", "style", "code", "kbd"}


def write_pseudo_catalog(folder: Path, *plugins: Plugin) -> None:
    """Write the catalog of the language for a site at `folder`: of the framework, of the site and of more plugins."""
    state, catalog = State(Settings), Catalog(locale=CODE)
    for source in (*sources(state, (OURS,)), *sources(state, ())):
        for one in extract(source, "messages"):
            if one.id:
                texts = one.id if isinstance(one.id, tuple) else (one.id,)
                said = texts if one.context in FORMATS else tuple(f"⟦{text}⟧" for text in texts)
                catalog.add(one.id, said if isinstance(one.id, tuple) else said[0], context=one.context)
    for name in names_of(plugins):
        catalog.add(name, f"⟦{name}⟧")
    path = folder / "project" / "locale" / CODE / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(as_mo(catalog))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self._foreign: list[str] = []  # what is open of an element that says itself in which language it is

    def handle_starttag(self, tag, attrs):
        if self._foreign or (tag != "html" and dict(attrs).get("lang") == "en"):
            self._foreign += [tag] if tag not in VOID else []
            return
        self._silent += tag in SILENT
        self.found += [value or "" for name, value in attrs if name in SHOWN]

    def handle_endtag(self, tag):
        if self._foreign:
            self._foreign.pop()
            return
        self._silent -= tag in SILENT

    def handle_data(self, data):
        if not self._silent and not self._foreign:
            self.found.append(data)


def untranslated(html: str) -> set[str]:
    """The texts of a page that nobody translated: what stands outside of the marks, in which there may be tags."""
    parser = _Texts()
    parser.feed(html)
    text = "\n".join(" ".join(one.split()) for one in parser.found)
    while (inner := MARKED.sub("", text)) != text:
        text = inner
    return {one for one in text.split("\n") if re.search("[A-Za-z]{2}", one)}
