"""The authors of the imported posts: existing users, or new ones without a usable password."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.users import normalize_email
from dovetail.errors import InvalidInputError
from plugins.wordpress.export.reader import Author, plain_text, shortened
from plugins.wordpress.ids_by_key import ids_by_key
from plugins.wordpress.report import Report
from plugins.wordpress.usernames import digest, placeholder_email, username_from


@dataclass(frozen=True, kw_only=True)
class Authors:
    """The users for an export's authors, by their login and by their e-mail address in the export."""

    by_login: Mapping[str, int]
    by_email: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class _Person:
    login: str
    username: str
    email: str
    full_name: str
    has_own_email: bool


async def find_or_make_authors(
    session: AsyncSession, listed: Iterable[Author], logins: Iterable[str], report: Report
) -> Authors:
    """Find or create a user for every author that an export lists, and for every other login that its posts name.

    An author is matched to the user with the same e-mail address, or else the same username. A new user can log in only
    after a password reset, which is sent to the address in the export.
    """
    people = {author.login: _person(author) for author in listed}
    aliases = _aliases(people, logins)
    found = await _find(session, list(people.values()))
    new = [person for person in people.values() if person.login not in found]
    report.existing["authors"] += len(found)
    found |= await _make(session, new, report)
    return Authors(
        by_login={alias: found[login] for alias, login in aliases.items()},
        by_email={person.email: found[person.login] for person in people.values() if person.has_own_email},
    )


def _person(author: Author) -> _Person:
    mark = digest(author.login.casefold())
    try:
        email, has_own_email = normalize_email(author.email), True
    except InvalidInputError:
        email, has_own_email = placeholder_email("author", mark), False
    return _Person(
        login=author.login,
        username=username_from(author.login) or username_from(author.name) or f"author-{mark}",
        email=email,
        full_name=shortened(author.name or plain_text(author.login.partition("@")[0]), 200),
        has_own_email=has_own_email,
    )


def _aliases(people: dict[str, _Person], logins: Iterable[str]) -> dict[str, str]:
    """Return the login of the person that each login stands for; add people whom the export does not list."""
    aliases = {login: login for login in people}
    by_username = {person.username.lower(): login for login, person in people.items()}
    for login in sorted(set(logins) - set(people)):
        # Files edited by hand name an author in another case or with a stray character before the name.
        person = _person(Author(login=login, email="", name=""))
        aliases[login] = by_username.setdefault(person.username.lower(), login)
        if aliases[login] == login:
            people[login] = person
    return aliases


async def _find(session: AsyncSession, people: Sequence[_Person]) -> dict[str, int]:
    by_email = await ids_by_key(session, func.lower(User.email), User.id, (person.email for person in people))
    found = {person.login: by_email[person.email] for person in people if person.email in by_email}
    rest = [person for person in people if person.login not in found]
    by_name = await ids_by_key(session, func.lower(User.username), User.id, (p.username.lower() for p in rest))
    for person in rest:
        user_id = by_name.get(person.username.lower())
        if user_id is not None and user_id not in found.values():
            found[person.login] = user_id
    return found


async def _make(session: AsyncSession, people: Sequence[_Person], report: Report) -> dict[str, int]:
    wanted = (person.username.lower() for person in people)
    taken = set(await ids_by_key(session, func.lower(User.username), User.id, wanted))
    rows: dict[str, dict[str, object]] = {}
    for person in people:
        if person.email in rows:  # two logins with the same address become one user
            continue
        username = person.username
        if username.lower() in taken:
            username = f"{username}-{digest(person.login.casefold())}"
        taken.add(username.lower())
        rows[person.email] = {
            "username": username,
            "email": person.email,
            "full_name": person.full_name,
            "hashed_password": UNUSABLE_PASSWORD,
        }
    report.created["authors"] += len(rows)
    if not rows:
        return {}
    made = await session.execute(insert(User).returning(User.email, User.id), list(rows.values()))
    ids = {row.email: row.id for row in made}
    return {person.login: ids[person.email] for person in people}
