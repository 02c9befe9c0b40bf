"""Remove the second factors of another user who lost them: `/api/users/{user_id}/factors`."""

from fastapi import APIRouter

from dovetail.api.schemas import PathId
from dovetail.contrib.auth.access import StaffUser, check_permission
from dovetail.contrib.auth.accounts.store import get_user
from dovetail.contrib.auth.factors.changes import remove_factors_of
from dovetail.contrib.auth.permissions.managing import REMOVE_FACTORS, check_may_remove_factors
from dovetail.contrib.auth.proof import RecentProof
from dovetail.database.session import SessionDep

router = APIRouter()


@router.delete("/users/{user_id}/factors", status_code=204)
async def remove_user_factors(user_id: PathId, _: RecentProof, viewer: StaffUser, session: SessionDep) -> None:
    """Remove all second factors and passkeys of a user who lost them, and tell the user by e-mail.

    The user can then log in with the password alone, until they enrol another factor. It requires the permission
    `auth.remove_factors`, which superusers have, and a recent proof. Users with more permissions are refused.
    """
    check_permission(viewer, REMOVE_FACTORS)
    user = await get_user(session, user_id, lock=True)
    await check_may_remove_factors(session, viewer, user)
    await remove_factors_of(session, user)
