"""The public names of auth: dependencies for endpoints, policies for resources, and UserPublic.

    async def create_post(user: CurrentUser, session: SessionDep) -> PostRead: ...

Deactivated users are refused. A wrong, expired or revoked token is a 401, even on endpoints that require no login.
"""

from typing import Annotated

from pydantic import Field

from dovetail.api.schemas import Id, Schema
from dovetail.api.throttling.rates import network_of as network_of
from dovetail.api.throttling.throttled import THROTTLED as THROTTLED
from dovetail.api.throttling.throttled import throttle as throttle
from dovetail.api.throttling.throttled import throttled as throttled
from dovetail.contrib.auth.credentials.scopes import takes_scopes as takes_scopes
from dovetail.contrib.auth.current_user import CredentialDep as CredentialDep
from dovetail.contrib.auth.current_user import CurrentUser as CurrentUser
from dovetail.contrib.auth.current_user import EnrollingUser as EnrollingUser
from dovetail.contrib.auth.current_user import EnrollingUserBeside as EnrollingUserBeside
from dovetail.contrib.auth.current_user import OptionalUser as OptionalUser
from dovetail.contrib.auth.current_user import StaffBeside as StaffBeside
from dovetail.contrib.auth.current_user import StaffUser as StaffUser
from dovetail.contrib.auth.current_user import UserBeside as UserBeside
from dovetail.contrib.auth.current_user import authenticate_request as authenticate_request
from dovetail.contrib.auth.current_user import bad_token as bad_token
from dovetail.contrib.auth.current_user import check_permission as check_permission
from dovetail.contrib.auth.current_user import get_current_user as get_current_user
from dovetail.contrib.auth.current_user import get_optional_user as get_optional_user
from dovetail.contrib.auth.current_user import get_staff_user as get_staff_user
from dovetail.contrib.auth.current_user import permission_required as permission_required
from dovetail.contrib.auth.factors.second_step import SecondStep as SecondStep
from dovetail.contrib.auth.factors.second_step import begin_login as begin_login
from dovetail.contrib.auth.proof import RecentProof as RecentProof
from dovetail.contrib.auth.proof import check_recent_proof as check_recent_proof
from dovetail.contrib.auth.user_policies import ModelPermissions as ModelPermissions
from dovetail.contrib.auth.user_policies import StaffOnly as StaffOnly
from dovetail.contrib.auth.user_policies import StaffWrite as StaffWrite
from dovetail.contrib.auth.user_policies import UserPolicy as UserPolicy
from dovetail.resources.policies.registered import visible_rows as visible_rows


class UserPublic(Schema):
    """The public part of a user, for instance for the author of a post."""

    id: Id
    username: Annotated[str, Field(examples=["ada"])]
    full_name: Annotated[str, Field(examples=["Ada Lovelace"])]
