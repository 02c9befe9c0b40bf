"""Read of pages what tests ask of them."""

import re


def stored_now(html: str) -> dict[str, str]:
    """What a form says is stored now, by field."""
    found = re.findall(r'id="now-field-([\w-]+)"><span[^>]*>Stored now</span><div>(.*?)</div>', html, re.DOTALL)
    return {name: re.sub(r"<[^>]+>", "", value).strip() for name, value in found}
