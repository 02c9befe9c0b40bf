"""The request and response schemas of second factors and passkeys. Secrets are only returned when they are created."""

import re
from typing import Annotated, Literal, Self

from pydantic import MISSING, AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from dovetail.api.schemas import NOT_BLANK, Id, Schema, UTCTime
from dovetail.contrib.auth.factors.models import MAXIMUM_CREDENTIAL_ID, MAXIMUM_NAME
from dovetail.contrib.auth.factors.recovery_codes import MAXIMUM_CODE

Method = Literal["totp", "passkey", "recovery_code"]
CHALLENGE = "5yZmT6vTTj3hXf2cOxS6tqgYqL1g0vG6m2s0rQm2eKk"
PROOF: dict[str, JsonValue] = {"code": "287082"}
Options = Annotated[
    dict[str, JsonValue],
    Field(examples=[{"challenge": CHALLENGE, "rpId": "example.org"}]),
]
MAXIMUM_PART = 20_000  # characters of base64url; an attestation with certificates has a few thousand
Base64Url = Annotated[
    str,
    Field(min_length=1, max_length=MAXIMUM_PART, pattern=r"^[A-Za-z0-9_-]+$", examples=["eyJ0eXBlIjoid2ViYXV0aG4ifQ"]),
]
RecoveryCodes = Annotated[
    list[str],
    Field(
        description="Shown only once, when the first factor is enrolled.",
        examples=[["3k7p9w-ab12cd-ef34gh-jk56mn"]],
    ),
]
CredentialId = Annotated[
    str, Field(min_length=1, max_length=MAXIMUM_CREDENTIAL_ID, pattern=r"^[A-Za-z0-9_-]+$", examples=["2f8G_d1-Zw"])
]
ChallengeToken = Annotated[SecretStr, Field(min_length=1, max_length=256, examples=[CHALLENGE])]
Code = Annotated[SecretStr, Field(min_length=1, max_length=MAXIMUM_CODE, examples=["287082"])]


def _on_one_line(name: str) -> str:
    if CONTROL.search(name):
        raise ValueError("expected a name on one line, without control characters")
    return name


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
FactorName = Annotated[
    str,
    Field(min_length=1, max_length=MAXIMUM_NAME, json_schema_extra=NOT_BLANK, examples=["My telephone"]),
    AfterValidator(_on_one_line),
]


class Credential(BaseModel):
    """The result of `PublicKeyCredential.toJSON()`; other members that browsers add are ignored."""

    model_config = ConfigDict(populate_by_name=True, hide_input_in_errors=True)

    id: CredentialId
    raw_id: CredentialId = Field(alias="rawId")
    type: Literal["public-key"] = "public-key"

    def as_json(self) -> dict[str, JsonValue]:
        """Return the credential in the browser's JSON format."""
        return self.model_dump(by_alias=True)


class AssertionResponse(BaseModel):
    """The data that an authenticator signed."""

    client_data: Base64Url = Field(alias="clientDataJSON")
    authenticator_data: Base64Url = Field(alias="authenticatorData")
    signature: Base64Url
    user_handle: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_-]*$")] | None = Field(
        default=None, alias="userHandle", examples=["kq3nJ7b1"]
    )


class Assertion(Credential):
    """The result of `navigator.credentials.get`, as JSON."""

    response: AssertionResponse


class AttestationResponse(BaseModel):
    """The public part of a new credential."""

    client_data: Base64Url = Field(alias="clientDataJSON")
    attestation: Base64Url = Field(alias="attestationObject")
    transports: Annotated[
        list[Annotated[str, Field(max_length=32)]], Field(max_length=16, examples=[["internal"]])
    ] = []


class Attestation(Credential):
    """The result of `navigator.credentials.create`, as JSON."""

    response: AttestationResponse


class SecondStepRead(Schema):
    """The response to a login that needs a second factor: a challenge instead of a token."""

    challenge: Annotated[
        str,
        Field(
            description="Send it to POST /auth/login/second-factor, with a code, a recovery code or a passkey. It is "
            "valid once, and for five wrong answers.",
            examples=[CHALLENGE],
        ),
    ]
    methods: Annotated[
        list[Method], Field(description="The factors that the user can answer with.", examples=[["totp"]])
    ]
    expires_in: Annotated[int, Field(description="Seconds until the challenge expires.", examples=[300])]
    passkey: Annotated[
        Options | None,
        Field(description="Options for `navigator.credentials.get`, as PublicKeyCredentialRequestOptionsJSON."),
    ]


class Answer(Schema):
    """One proof: a code, a recovery code or a passkey."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [PROOF]})

    code: Annotated[Code | MISSING, Field(description="The six digits that an authenticator app shows.")] = MISSING
    recovery_code: Code | MISSING = MISSING
    passkey: Annotated[Assertion | MISSING, Field(description="The result of `navigator.credentials.get`.")] = MISSING

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not MISSING for value in (self.code, self.recovery_code, self.passkey)) != 1:
            raise ValueError("expected one of code, recovery_code and passkey")
        return self


class SecondStepAnswer(Answer):
    """The challenge of a login, and one proof."""

    model_config = ConfigDict(
        json_schema_extra={"minProperties": 2, "maxProperties": 2, "examples": [{"challenge": CHALLENGE, **PROOF}]}
    )

    challenge: ChallengeToken


class PasskeyLogin(Schema):
    """A passkey to log in with."""

    passkey: Annotated[Assertion, Field(description="The result of `navigator.credentials.get`.")]


class PasskeyOptions(Schema):
    """Options for the browser's passkey functions."""

    options: Annotated[
        Options,
        Field(
            description="Options for `navigator.credentials.get` or `create`, as "
            "PublicKeyCredentialRequestOptionsJSON or PublicKeyCredentialCreationOptionsJSON."
        ),
    ]


class TotpRead(Schema):
    """An authenticator app."""

    id: Id
    name: Annotated[str, Field(examples=["My telephone"])]
    created_at: UTCTime
    last_used_at: UTCTime | None


class PasskeyRead(TotpRead):
    """A passkey."""

    transports: Annotated[str, Field(description="How it can be reached, separated by spaces.", examples=["internal"])]
    is_backed_up: Annotated[bool, Field(description="Whether it is stored beyond the device, as synced passkeys are.")]


class FactorsRead(Schema):
    """The user's second factors."""

    totp: list[TotpRead]
    passkeys: list[PasskeyRead]
    recovery_codes: Annotated[int, Field(description="How many recovery codes are left.", examples=[10])]
    is_required: Annotated[bool, Field(description="Whether this site requires a second factor.", examples=[False])]


class FactorNamed(Schema):
    """A name for a factor, to recognize it."""

    name: FactorName


class TotpEnrolment(Schema):
    """The secret of a new authenticator app, shown only once. The app is active after a code has confirmed it."""

    id: Id
    name: Annotated[str, Field(examples=["My telephone"])]
    secret: Annotated[str, Field(description="In base32, for typing.", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])]
    uri: Annotated[
        str,
        Field(description="For a QR code.", examples=["otpauth://totp/Site:ada?secret=JBSWY3DPEHPK3PXP&issuer=Site"]),
    ]


class TotpConfirmation(Schema):
    """The six digits that the new app shows."""

    code: Code


class PasskeyRegistration(FactorNamed):
    """A new passkey and its name."""

    passkey: Annotated[Attestation, Field(description="The result of `navigator.credentials.create`.")]


class RecoveryCodesRead(Schema):
    """New recovery codes, shown only once; earlier ones are invalid."""

    recovery_codes: RecoveryCodes


class NewTotpRead(TotpRead):
    """An authenticator app that was just activated."""

    recovery_codes: RecoveryCodes


class NewPasskeyRead(PasskeyRead):
    """A passkey that was just registered."""

    recovery_codes: RecoveryCodes
