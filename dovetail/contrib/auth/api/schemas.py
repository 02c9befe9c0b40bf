"""The request and response schemas of users. None contains a password hash."""

from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import MISSING, AfterValidator, BaseModel, Field, JsonValue, SecretStr, Strict

from dovetail.api.schemas import Schema, UTCTime
from dovetail.contrib.auth import models, users
from dovetail.contrib.auth.access import UserPublic
from dovetail.contrib.auth.accounts.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH
from dovetail.contrib.auth.sessions.log_in import LoggedIn
from dovetail.errors import InvalidInputError


def _cleaned_by(clean: Callable[[str], str]) -> AfterValidator:
    def validate(value: str) -> str:
        try:
            return clean(value)
        except InvalidInputError as error:
            raise ValueError(error.detail) from None

    return AfterValidator(validate)


# The same rule as in users.py: line breaks and tabs are allowed, other control characters are not.
NO_CONTROL_CHARACTERS: dict[str, JsonValue] = {"pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"}

Username = Annotated[
    str,
    Field(
        min_length=1,
        max_length=models.MAXIMUM_USERNAME,
        examples=["ada"],
        json_schema_extra={"pattern": f"^{users.USERNAME.pattern}$"},
    ),
    _cleaned_by(users.normalize_username),
]
Email = Annotated[
    str,
    Field(max_length=models.MAXIMUM_EMAIL, examples=["ada@example.org"], json_schema_extra={"format": "email"}),
    _cleaned_by(users.normalize_email),
]
FullName = Annotated[
    str,
    Field(max_length=models.MAXIMUM_FULL_NAME, examples=["Ada Lovelace"], json_schema_extra=NO_CONTROL_CHARACTERS),
    _cleaned_by(users.clean_full_name),
]
Bio = Annotated[
    str,
    Field(max_length=models.MAXIMUM_BIO, examples=["I write programs."], json_schema_extra=NO_CONTROL_CHARACTERS),
    _cleaned_by(users.clean_bio),
]
NewPassword = Annotated[
    SecretStr,
    Field(min_length=MINIMUM_LENGTH, max_length=MAXIMUM_LENGTH, examples=["correct horse battery staple"]),
]
CurrentPassword = Annotated[SecretStr, Field(max_length=MAXIMUM_LENGTH)]
Flag = Annotated[bool, Strict()]
Token = Annotated[SecretStr, Field(min_length=1, max_length=256, examples=["the-token-from-the-e-mail"])]


class UserRead(UserPublic):
    """A user, as they see themselves and staff see all users."""

    email: Annotated[str, Field(examples=["ada@example.org"])]
    bio: Annotated[str, Field(examples=["I write programs."])]
    is_active: bool
    is_verified: bool
    is_staff: bool
    is_superuser: bool
    has_second_factor: Annotated[bool, Field(description="Whether a password is not enough to log in.")]
    created_at: UTCTime
    updated_at: UTCTime


class MeRead(UserRead):
    """The user's own account."""

    pending_email: Annotated[
        str | None,
        Field(
            description="The new address, which replaces `email` after it is verified with the token sent to it.",
            examples=["ada@example.com"],
        ),
    ]


class UserRegister(Schema):
    """A registration."""

    username: Username
    email: Email
    password: NewPassword
    full_name: FullName = ""


class UserCreate(Schema):
    """An account that staff create; its owner chooses the password."""

    username: Username
    email: Email
    full_name: FullName = ""
    bio: Bio = ""
    is_active: Flag = True
    is_verified: Flag = False
    is_staff: Flag = False
    is_superuser: Flag = False


class ProfileUpdate(Schema):
    """The fields of one's own account to change; fields that are left out keep their values."""

    username: Username | MISSING = MISSING
    email: Email | MISSING = MISSING
    full_name: FullName | MISSING = MISSING
    bio: Bio | MISSING = MISSING
    password: NewPassword | MISSING = MISSING
    current_password: Annotated[
        CurrentPassword | MISSING, Field(description="Needed to change the username, the address or the password.")
    ] = MISSING


class UserUpdate(Schema):
    """The fields of a user that staff change; fields that are left out keep their values."""

    username: Username | MISSING = MISSING
    email: Email | MISSING = MISSING
    full_name: FullName | MISSING = MISSING
    bio: Bio | MISSING = MISSING
    is_active: Flag | MISSING = MISSING
    is_verified: Flag | MISSING = MISSING
    is_staff: Flag | MISSING = MISSING
    is_superuser: Flag | MISSING = MISSING


class LoginForm(BaseModel):
    """A login as OAuth 2 clients send it (RFC 6749, section 4.3.2); other fields are ignored."""

    grant_type: Literal["password"] = "password"
    # In a form, an empty value is the same as a missing one.
    username: Annotated[
        str,
        Field(
            min_length=1,
            max_length=models.MAXIMUM_LOGIN,
            description="A username or an e-mail address.",
            examples=["ada"],
        ),
    ]
    password: Annotated[
        SecretStr, Field(min_length=1, max_length=MAXIMUM_LENGTH, examples=["correct horse battery staple"])
    ]
    scope: Annotated[str, Field(max_length=1000, description="Ignored: there are no OAuth scopes.")] = ""


class AccessTokenRead(Schema):
    """The response to a login (RFC 6749, section 5.1)."""

    access_token: Annotated[str, Field(examples=["mF_9.B5f-4.1JqM"])]
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token, not a token
    expires_in: Annotated[int, Field(description="Seconds until the token expires.")]
    refresh_token: Annotated[
        str | MISSING,
        Field(description="To get the next token, once; with AUTH_REFRESH_TOKENS.", examples=["dvr_8fQz"]),
    ] = MISSING

    @classmethod
    def of(cls, logged_in: LoggedIn) -> Self:
        """Return the response for a completed login."""
        given = MISSING if logged_in.refresh_token is None else logged_in.refresh_token
        return cls(access_token=logged_in.token, expires_in=logged_in.seconds, refresh_token=given)


class EmailRequest(Schema):
    """The address of an account."""

    email: Email


class VerifyRequest(Schema):
    """The token from the e-mail."""

    token: Token


class ResetPasswordRequest(VerifyRequest):
    """The token from the e-mail, and the new password."""

    password: NewPassword
