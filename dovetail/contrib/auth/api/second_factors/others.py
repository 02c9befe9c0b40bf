"""Remove the second factors of somebody who lost them: `/api/users/{user_id}/factors`, for who may."""

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
    """Remove all second factors and passkeys of a user who lost them, and tell the user.

    Their password is enough from then on, until they enrol another factor. It takes the permission
    `auth.remove_factors`, which superusers have, and a recent proof; nobody does it to whoever may do more.
    """
    check_permission(viewer, REMOVE_FACTORS)
    user = await get_user(session, user_id, lock=True)
    await check_may_remove_factors(session, viewer, user)
    await remove_factors_of(session, user)
