"""Find the writer of a WordPress comment: an author of the export, or a guest, who gets a user that cannot log in."""

from collections.abc import Sequence

from sqlalchemy import func, insert

from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from plugins.comments.models import CommentStatus
from plugins.wordpress.export.reader import shortened
from plugins.wordpress.extension import Batch
from plugins.wordpress.ids_by_key import ids_by_key
from plugins.wordpress.usernames import digest, placeholder_email, username_from
from plugins.wordpress_comments.reader import Remark

NOBODY = "Anonymous"  # WordPress's name for writers who left none


async def find_or_make_writers(batch: Batch, remarks: Sequence[Remark]) -> list[int]:
    """Return the ids of the users who wrote the remarks, in order.

    Anybody can enter anybody's address below a post. So a remark is attributed to a user only if the address is that of
    one of the export's authors, and the writer was logged in or a moderator approved the remark. All others are guests:
    one inactive user for each name and address, without the address, so that its owner can still register with it.
    """
    guests = {_email(remark): remark for remark in remarks if _member(batch, remark) is None}
    users = await _find_or_make_guests(batch, guests)
    return [_member(batch, remark) or users[_email(remark)] for remark in remarks]


def _member(batch: Batch, remark: Remark) -> int | None:
    is_trusted = remark.is_member or remark.status is CommentStatus.APPROVED
    return batch.authors.get(remark.email) if is_trusted else None


def _mark(remark: Remark) -> str:
    return digest(remark.name, remark.email)


def _email(remark: Remark) -> str:
    return placeholder_email("guest", _mark(remark))


async def _find_or_make_guests(batch: Batch, guests: dict[str, Remark]) -> dict[str, int]:
    found = await ids_by_key(batch.session, func.lower(User.email), User.id, guests)
    new = {email: remark for email, remark in guests.items() if email not in found}
    batch.report.created["guests"] += len(new)
    if not new:
        return found
    rows = [_row(email, remark) for email, remark in new.items()]
    made = await batch.session.execute(insert(User).returning(User.email, User.id), rows)
    return found | {row.email: row.id for row in made}


def _row(email: str, remark: Remark) -> dict[str, object]:
    return {
        "username": f"{username_from(remark.name) or 'guest'}-{_mark(remark)}",
        "email": email,
        "full_name": shortened(remark.name, 200) or NOBODY,
        "hashed_password": UNUSABLE_PASSWORD,
        "is_active": False,
    }
