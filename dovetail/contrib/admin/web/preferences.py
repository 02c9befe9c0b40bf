"""Users' preferences for the back office: stored in a row, and in cookies, from which pages read them.

Pages do not query the database for them: the row is read only at login, which sets the cookies in another browser.
"""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.models import Preference
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.auth.models import User

OF_SITE = "-"  # instead of the name of a zone: that of the site
LASTS = 400 * 24 * 3600  # seconds: the maximum of browsers


class Theme(StrEnum):
    """The theme of pages; SYSTEM is the setting of the device."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def theme_of(cookies: Cookies, request: Request) -> str:
    """Return the theme for a browser."""
    given = request.cookies.get(cookies.theme, "")
    return given if given in set(Theme) else Theme.SYSTEM


def has_shortcuts(cookies: Cookies, request: Request) -> bool:
    """Return whether keyboard shortcuts of single keys are enabled in a browser."""
    return request.cookies.get(cookies.shortcuts) != "off"


def has_chosen_zone(cookies: Cookies, request: Request) -> bool:
    """Return whether a time zone was chosen in a browser."""
    return cookies.zone in request.cookies


def remember_theme(cookies: Cookies, response: Response, theme: str) -> None:
    """Set the cookie of the theme."""
    cookies.set(response, cookies.theme, theme, max_age=LASTS)


def remember_shortcuts(cookies: Cookies, response: Response, *, on: bool) -> None:
    """Set the cookie of the keyboard shortcuts."""
    cookies.set(response, cookies.shortcuts, "on" if on else "off", max_age=LASTS)


def remember_language(cookies: Cookies, response: Response, code: str) -> None:
    """Set the cookie of the language; an empty code deletes it, so that the browser's language applies."""
    _remember(cookies, response, cookies.language, code)


def remember_zone(cookies: Cookies, response: Response, zone: str) -> None:
    """Set the cookie of the time zone, or OF_SITE; an empty name deletes it."""
    _remember(cookies, response, cookies.zone, zone)


async def keep(session: AsyncSession, user_id: int, **values: object) -> None:
    """Save preferences of a user, `theme`, `language` and so on, in their row; safe under concurrency."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Preference).values(user_id=user_id, **values)
    await session.execute(row.on_conflict_do_update(index_elements=[Preference.user_id], set_=values))


async def language_of(session: AsyncSession, user: User) -> str:
    """Return the code of the language that a user chose; an empty text if they chose none."""
    return await session.scalar(select(Preference.language).where(Preference.user_id == user.id)) or ""


async def restore_preferences(session: AsyncSession, cookies: Cookies, user_id: int, response: Response) -> None:
    """Set the cookies of a user's preferences in the browser in which they log in."""
    found = await session.get(Preference, user_id)
    if found is not None:
        remember_theme(cookies, response, found.theme)
        remember_shortcuts(cookies, response, on=found.shortcuts)
        if found.language:  # otherwise the choice made before the login remains
            remember_language(cookies, response, found.language)
        if found.zone:
            remember_zone(cookies, response, found.zone)


def _remember(cookies: Cookies, response: Response, name: str, value: str) -> None:
    if value:
        cookies.set(response, name, value, max_age=LASTS)
    else:
        cookies.delete(response, name)
