"""Know who is asking: dependencies for endpoints, policies for resources, and what others may know of a user.

    async def create_post(user: CurrentUser, session: SessionDep) -> PostRead: ...

Deactivated users never pass. A token that is wrong, expired or revoked is answered with 401, also where none is needed.
"""

from typing import Annotated

from pydantic import Field

from dovetail.api.schemas import Id, Schema
from dovetail.api.throttling.rates import network_of as network_of  # noqa: PLC0414 - names of the public API
from dovetail.api.throttling.throttled import THROTTLED as THROTTLED  # noqa: PLC0414 - names of the public API
from dovetail.api.throttling.throttled import throttle as throttle  # noqa: PLC0414 - names of the public API
from dovetail.api.throttling.throttled import throttled as throttled  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.credentials.scopes import takes_scopes as takes_scopes  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import CredentialDep as CredentialDep  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import CurrentUser as CurrentUser  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import EnrollingUser as EnrollingUser  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import EnrollingUserBeside as EnrollingUserBeside  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import OptionalUser as OptionalUser  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import StaffBeside as StaffBeside  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import StaffUser as StaffUser  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import UserBeside as UserBeside  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import authenticate_request as authenticate_request  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import bad_token as bad_token  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import check_permission as check_permission  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import get_current_user as get_current_user  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import get_optional_user as get_optional_user  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import get_staff_user as get_staff_user  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.current_user import permission_required as permission_required  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.factors.second_step import SecondStep as SecondStep  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.factors.second_step import begin_login as begin_login  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.proof import RecentProof as RecentProof  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.proof import check_recent_proof as check_recent_proof  # noqa: PLC0414 - as above
from dovetail.contrib.auth.user_policies import ModelPermissions as ModelPermissions  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.user_policies import StaffOnly as StaffOnly  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.user_policies import StaffWrite as StaffWrite  # noqa: PLC0414 - names of the public API
from dovetail.contrib.auth.user_policies import UserPolicy as UserPolicy  # noqa: PLC0414 - names of the public API
from dovetail.resources.policies.registered import visible_rows as visible_rows  # noqa: PLC0414 - names of the public API


class UserPublic(Schema):
    """A user as anybody may know them, for instance as an author."""

    id: Id
    username: Annotated[str, Field(examples=["ada"])]
    full_name: Annotated[str, Field(examples=["Ada Lovelace"])]
