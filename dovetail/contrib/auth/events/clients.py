"""Say in words which browser and system a client calls itself: `Firefox on Windows`."""

import re
from collections.abc import Sequence

from dovetail.translation.texts import gettext

# Of each the first that is found, since nearly all call themselves Chrome, Safari and Mozilla besides.
BROWSERS = (
    (r"\bEdg(?:e|A|iOS)?/", "Edge"),
    (r"\b(?:OPR|OPiOS|Opera)/", "Opera"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\bYaBrowser/", "Yandex"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\b(?:DuckDuckGo|Ddg)/", "DuckDuckGo"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\bChromium/", "Chromium"),
    (r"(?:\b|Headless)(?:Chrome|CriOS)/", "Chrome"),
    (r"\bVersion/\S+ .*\bSafari/", "Safari"),
)
SYSTEMS = (
    (r"\bWindows\b", "Windows"),
    (r"\biPad\b", "iPadOS"),
    (r"\b(?:iPhone|iPod)\b", "iOS"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\b(?:Macintosh|Mac OS X)\b", "macOS"),
    (r"\bFreeBSD\b", "FreeBSD"),
    (r"\bOpenBSD\b", "OpenBSD"),
    (r"\bLinux\b", "Linux"),
)
PROGRAM = re.compile(r"([A-Za-z][\w.+-]*)/v?\d[\w.+-]*(?: .*)?")  # curl/8.5.0, python-httpx/0.28, Wget/1.21 (linux)


def client_in_words(user_agent: str) -> str:
    """Return what a client is; as it called itself if that is nothing that is known."""
    if not user_agent:
        return gettext("unknown")
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    program = None if user_agent.startswith("Mozilla/") else PROGRAM.fullmatch(user_agent)
    return browser or (user_agent if program is None else program[1])


def _first(known: Sequence[tuple[str, str]], text: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, text)), "")
