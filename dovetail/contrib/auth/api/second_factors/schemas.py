"""The bodies of requests and answers about second factors and passkeys; secrets are shown when they are made."""

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
MAXIMUM_PART = 20_000  # characters of base64url; an attestation with its certificates has some thousand
Base64Url = Annotated[
    str,
    Field(min_length=1, max_length=MAXIMUM_PART, pattern=r"^[A-Za-z0-9_-]+$", examples=["eyJ0eXBlIjoid2ViYXV0aG4ifQ"]),
]
RecoveryCodes = Annotated[
    list[str],
    Field(
        description="Shown this once; those that come with the first factor.",
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
    """The value that `PublicKeyCredential.toJSON()` returns; what else browsers put in is passed over."""

    model_config = ConfigDict(populate_by_name=True, hide_input_in_errors=True)

    id: CredentialId
    raw_id: CredentialId = Field(alias="rawId")
    type: Literal["public-key"] = "public-key"

    def as_json(self) -> dict[str, JsonValue]:
        """Return it as the browser wrote it."""
        return self.model_dump(by_alias=True)


class AssertionResponse(BaseModel):
    """The statement that an authenticator signed."""

    client_data: Base64Url = Field(alias="clientDataJSON")
    authenticator_data: Base64Url = Field(alias="authenticatorData")
    signature: Base64Url
    user_handle: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_-]*$")] | None = Field(
        default=None, alias="userHandle", examples=["kq3nJ7b1"]
    )


class Assertion(Credential):
    """The answer of `navigator.credentials.get`, as JSON."""

    response: AssertionResponse


class AttestationResponse(BaseModel):
    """The public half of what an authenticator made."""

    client_data: Base64Url = Field(alias="clientDataJSON")
    attestation: Base64Url = Field(alias="attestationObject")
    transports: Annotated[
        list[Annotated[str, Field(max_length=32)]], Field(max_length=16, examples=[["internal"]])
    ] = []


class Attestation(Credential):
    """The answer of `navigator.credentials.create`, as JSON."""

    response: AttestationResponse


class SecondStepRead(Schema):
    """The answer to a login that lacks a second factor: no token yet, and a challenge to answer."""

    challenge: Annotated[
        str,
        Field(
            description="Goes to POST /auth/login/second-factor, with a code, a recovery code or a passkey. It works "
            "once, and bears five wrong answers.",
            examples=[CHALLENGE],
        ),
    ]
    methods: Annotated[list[Method], Field(description="By what the user can answer.", examples=[["totp"]])]
    expires_in: Annotated[int, Field(description="Seconds until the challenge expires.", examples=[300])]
    passkey: Annotated[
        Options | None,
        Field(description="What to give `navigator.credentials.get`, as PublicKeyCredentialRequestOptionsJSON."),
    ]


class Answer(Schema):
    """One proof: a code, a recovery code or a passkey."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [PROOF]})

    code: Annotated[Code | MISSING, Field(description="The six digits that an authenticator app shows.")] = MISSING
    recovery_code: Code | MISSING = MISSING
    passkey: Annotated[Assertion | MISSING, Field(description="What `navigator.credentials.get` answered.")] = MISSING

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
    """A passkey, as the whole of a login."""

    passkey: Annotated[Assertion, Field(description="What `navigator.credentials.get` answered.")]


class PasskeyOptions(Schema):
    """The question that a browser is asked about passkeys."""

    options: Annotated[
        Options,
        Field(
            description="What to give `navigator.credentials.get`, or `create`: as "
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

    transports: Annotated[str, Field(description="By what it is reached, with spaces between.", examples=["internal"])]
    is_backed_up: Annotated[bool, Field(description="Whether it is kept beyond the device, as synchronised ones are.")]


class FactorsRead(Schema):
    """The second factors that one has."""

    totp: list[TotpRead]
    passkeys: list[PasskeyRead]
    recovery_codes: Annotated[int, Field(description="How many recovery codes are left.", examples=[10])]
    is_required: Annotated[bool, Field(description="Whether this site asks you for a second factor.", examples=[False])]


class FactorNamed(Schema):
    """The name that one gives a factor, to know it again."""

    name: FactorName


class TotpEnrolment(Schema):
    """The secret of a new authenticator app, shown this once; it counts once a code confirmed it."""

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

    passkey: Annotated[Attestation, Field(description="What `navigator.credentials.create` answered.")]


class RecoveryCodesRead(Schema):
    """New recovery codes, shown this once; the earlier ones are worthless."""

    recovery_codes: RecoveryCodes


class NewTotpRead(TotpRead):
    """An authenticator app that counts from now on."""

    recovery_codes: RecoveryCodes


class NewPasskeyRead(PasskeyRead):
    """A passkey that counts from now on."""

    recovery_codes: RecoveryCodes
