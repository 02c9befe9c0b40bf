"""What axe-core (https://github.com/dequelabs/axe-core) finds wrong with a page: WCAG 2.2 A and AA, good practice."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "typescript" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those that follow a scrollbar never finish.
SETTLE = """() => Promise.all(
    document.getAnimations({subtree: true})
        .filter((one) => one.timeline instanceof DocumentTimeline)
        .map((one) => one.finished.catch(() => null))
)"""


async def findings(page: Page, *, covered: bool = False) -> list[str]:
    """Each finding in a line: the rule, what it is about, and where; `covered` says that something lies on the page."""
    await page.evaluate(SETTLE)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {
        "resultTypes": ["violations"],
        "runOnly": {"type": "tag", "values": TAGS},
        "rules": {"target-size": {"enabled": not covered}},
    }
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{one['id']} ({one['help']}): {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
