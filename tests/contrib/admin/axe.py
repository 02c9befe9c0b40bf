"""What axe-core (https://github.com/dequelabs/axe-core) finds wrong with a page: WCAG 2.2 A and AA, good practice."""

from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "typescript" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHANGED_BY_THEME = ["color-contrast", "link-in-text-block"]
CONTRAST: dict[str, Any] = {"type": "rule", "values": CHANGED_BY_THEME}
PLACE: dict[str, Any] = {"type": "rule", "values": [*CHANGED_BY_THEME, "target-size", "scrollable-region-focusable"]}
# Those that follow a scrollbar never finish.
SETTLE = """() => Promise.all(
    document.getAnimations({subtree: true})
        .filter((one) => one.timeline instanceof DocumentTimeline)
        .map((one) => one.finished.catch(() => null))
)"""
IS_THERE = "() => window.axe !== undefined"


async def findings(page: Page, *, covered: bool = False) -> list[str]:
    """Each finding in a line, in the light and in the dark: the rule, what it is about, and where.

    `covered` says that something lies on the page.
    """
    found = await findings_here(page, covered=covered)
    await turn(page, "dark")
    found += [f"in the dark: {one}" for one in await findings_here(page, CONTRAST, covered=covered)]
    await turn(page, "light")
    return found


async def findings_here(page: Page, rules: dict[str, object] | None = None, *, covered: bool = False) -> list[str]:
    """Each finding in the theme of now; `rules` are some instead of all."""
    await page.wait_for_load_state()
    if not await page.evaluate(IS_THERE):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    return await _run(page, rules or {"type": "tag", "values": TAGS}, covered=covered)


async def turn(page: Page, theme: Literal["light", "dark"]) -> None:
    """Show the page in a theme, which the browser computes the styles of everything anew for."""
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await page.wait_for_selector(f"html[data-bs-theme={theme}]")


async def _run(page: Page, rules: dict[str, object], *, covered: bool) -> list[str]:
    await page.evaluate(SETTLE)
    options = {
        "resultTypes": ["violations"],
        "runOnly": rules,
        **({"rules": {"target-size": {"enabled": not covered}}} if rules["type"] == "tag" else {}),
    }
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{one['id']} ({one['help']}): {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
