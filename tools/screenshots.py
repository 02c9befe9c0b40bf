"""Photograph every page of the back office of a demo site, in three widths and two themes, into a folder.

    python -m tools.screenshots                 # into var/screenshots
    python -m tools.screenshots --into folder --width 390 --theme dark

The site is made for it, by `manage.py quickstart` on a database of its own. Pages are found by following links: of
those that differ in the key of an object alone, the first is taken.
"""

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (1300, 800, 390)  # CSS pixels: a desk, a tablet, a phone
THEMES = ("light", "dark")
HEIGHT = 860
MOST = 120  # pages
# No link leads there.
UNLINKED = ("/admin/prove", "/admin/blog/", "/admin/blog/post/bulk/?pks=1", "/admin/blog/post/action/publish/?pks=1")
IMPORT = "/admin/blog/tag/import/"
SLOWEST = 120_000  # milliseconds that a page may take, on a machine that many share
PATIENCE = 60  # lines that the server may print before it says where it is
# Of what stands there for browsers without scripts, too, which is text to one that runs them.
LINKS = """() => [document, ...Array.from(document.querySelectorAll("noscript"),
  (one) => new DOMParser().parseFromString(one.textContent, "text/html"))]
  .flatMap((root) => Array.from(root.querySelectorAll("a[href]"), (link) => link.getAttribute("href")))"""
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


def main() -> None:
    """Photograph the pages."""
    options = _options()
    options.into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, demo_site(Path(folder)) as (url, password):
        asyncio.run(_photograph(url, password, options.into, options.width or WIDTHS, options.theme or THEMES))


async def walk(page: Page, start: str, without: tuple[str, ...] = ()) -> AsyncIterator[str]:
    """Open the pages below `start` that links and forms lead to, one of each kind; yield each address while it is open.

    Those that begin with something in `without` are left out.
    Raise RuntimeError for a link that leads to an error.
    """
    waiting = [start, *UNLINKED]
    seen = set(map(_kind, waiting))
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        answer = await page.goto(address)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        if not answer.ok:
            raise RuntimeError(f"{address} is linked to and answers {answer.status}")
        for link in await page.evaluate(LINKS):
            path = urlsplit(link).path
            if not path.startswith(start) or path.startswith(without) or _kind(link) in seen or "/export/" in path:
                continue
            seen.add(_kind(link))
            waiting.append(link)
        yield address


async def import_with_a_mistake(page: Page) -> AsyncIterator[str]:
    """Go through the pages of an import to which no link leads; yield the name of each while it is open."""
    await page.goto(IMPORT)
    table = f"name\nasync\n{'x' * 200}\n".encode()
    await page.get_by_label("File").set_input_files({"name": "tags.csv", "mimeType": "text/csv", "buffer": table})
    await page.get_by_role("button", name="Upload").click()
    check = page.get_by_role("button", name="Check the rows")
    await check.wait_for()
    yield "blog-tag-import-columns"
    await check.click()
    await page.get_by_role("alert").wait_for()
    yield "blog-tag-import-mistakes"


@contextmanager
def demo_site(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a demo site with a database in `folder`; yield its address and the password of its administrator."""
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "SECRET_KEY": "a secret that photographs need only once",
        "ENVIRONMENT": "development",
    }
    command = [sys.executable, "manage.py", "quickstart", "--port", "0"]
    server = subprocess.Popen(  # noqa: S603 - our own words
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _read(server)
    finally:
        server.terminate()
        server.communicate()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Photograph every page of the back office.")
    parser.add_argument("--into", type=Path, default=ROOT / "var" / "screenshots", help="the folder")
    parser.add_argument("--width", type=int, action="append", help="of the window, in CSS pixels; several may be given")
    parser.add_argument("--theme", choices=THEMES, action="append", help="one of the themes only")
    return parser.parse_args()


def _kind(address: str) -> str:
    """Return the address without keys: of objects, of changes, and of pages of a list."""
    parts = urlsplit(address)
    names = sorted(re.findall(r"([^&=]+)=", parts.query)) if "pks=" in parts.query else []
    return re.sub(r"/\d+(?=/|$)", "/1", parts.path) + "&".join(names)


def _read(server: "subprocess.Popen[str]") -> tuple[str, str]:
    assert server.stdout is not None  # noqa: S101 - it was asked for
    printed = ""
    for _ in range(PATIENCE):
        printed += server.stdout.readline()
        url, password = re.search(r"(http://\S+)/admin/", printed), re.search(r"password: (\S+)", printed)
        if url and password:
            return url[1], password[1]
    raise RuntimeError(f"The site did not say where it is:\n{printed}")


async def _photograph(url: str, password: str, into: Path, widths: Sequence[int], themes: Sequence[str]) -> None:
    async with async_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        context = await browser.new_context(base_url=url, reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(SLOWEST)
        await page.goto("/admin/")
        await _photograph_both(page, into, "login", widths, themes)
        await page.get_by_label("Username or e-mail address").fill("admin")
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("heading", level=1).wait_for()
        async for address in walk(page, "/admin/"):
            name = re.sub(r"[^a-z0-9]+", "-", _kind(address).removeprefix("/admin/").lower()).strip("-") or "index"
            await _photograph_both(page, into, name, widths, themes)
        async for name in import_with_a_mistake(page):
            await _photograph_both(page, into, name, widths, themes)
        await browser.close()


async def _photograph_both(page: Page, into: Path, name: str, widths: Sequence[int], themes: Sequence[str]) -> None:
    for width in widths:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        for theme in themes:
            await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            await page.wait_for_selector(f"html[data-bs-theme={theme}]")
            await page.screenshot(path=into / f"{name}-{width}-{theme}.png", full_page=True, animations="disabled")


if __name__ == "__main__":
    main()
