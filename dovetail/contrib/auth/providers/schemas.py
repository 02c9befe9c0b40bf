"""The response schemas of logins at providers."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from dovetail.api.schemas import Id, Schema, UTCTime

Parameter = Annotated[str, Field(max_length=4096)]


class ProviderRead(Schema):
    """A provider that users can log in with."""

    name: Annotated[str, Field(examples=["google"])]
    title: Annotated[str, Field(examples=["Google"], description="The label for a button.")]
    kind: Literal["oidc", "oauth2"]
    login_url: Annotated[
        str,
        Field(
            examples=["/api/auth/providers/google/login"],
            description="Where a button leads to; `?next=` names the page of this site to return to.",
        ),
    ]


class ProviderList(Schema):
    """The providers of the site, in the order of its settings."""

    items: list[ProviderRead]


class ProviderAnswer(BaseModel):
    """The parameters with which a provider redirects a browser back; others are ignored."""

    state: Parameter
    code: Parameter | None = None
    iss: Parameter | None = None  # RFC 9207
    error: Parameter | None = None


class ConnectedLoginRead(Schema):
    """A login at a provider that is connected to this account."""

    id: Id
    provider: Annotated[str, Field(examples=["google"])]
    email: Annotated[str, Field(examples=["ada@example.org"], description="As the provider knew it.")]
    created_at: UTCTime


class ConnectedLoginList(Schema):
    """The logins at providers that are connected to an account, oldest first."""

    items: list[ConnectedLoginRead]
