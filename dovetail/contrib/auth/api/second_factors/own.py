"""The user's own second factors and passkeys: `/api/auth/factors`. Changing them requires a recent proof."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from dovetail.api.schemas import PathId
from dovetail.contrib.auth.access import EnrollingUser
from dovetail.contrib.auth.api.dependencies import AuthSettingsDep
from dovetail.contrib.auth.api.second_factors.schemas import (
    FactorNamed,
    FactorsRead,
    NewPasskeyRead,
    NewTotpRead,
    PasskeyOptions,
    PasskeyRead,
    PasskeyRegistration,
    RecoveryCodesRead,
    TotpConfirmation,
    TotpEnrolment,
    TotpRead,
)
from dovetail.contrib.auth.factors import changes
from dovetail.contrib.auth.factors.held import factors_of, find_factor
from dovetail.contrib.auth.factors.models import Passkey, Totp
from dovetail.contrib.auth.factors.passkeys.registration import begin_registration
from dovetail.contrib.auth.factors.passkeys.relying_party import relying_party
from dovetail.contrib.auth.factors.requirement import is_required
from dovetail.contrib.auth.factors.totp import otpauth_uri
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.proof import lock_proven
from dovetail.database.session import SessionDep
from dovetail.errors import BadRequestError, FieldError
from dovetail.plugin import context_of

router = APIRouter(prefix="/factors", tags=["auth"])


async def get_proven_user(user: EnrollingUser, session: SessionDep) -> User:
    """Return the current user, locked, if they have a recent proof. Raise as `check_recent_proof` does."""
    return await lock_proven(session, user)


ProvenUser = Annotated[User, Depends(get_proven_user)]


@router.get("")
async def list_factors(user: EnrollingUser, session: SessionDep, settings: AuthSettingsDep) -> FactorsRead:
    """Return the user's second factors and passkeys."""
    held = await factors_of(session, user.id)
    return FactorsRead(
        totp=[TotpRead.model_validate(row) for row in held.totp],
        passkeys=[PasskeyRead.model_validate(row) for row in held.passkeys],
        recovery_codes=held.recovery_codes,
        is_required=is_required(user, settings),
    )


@router.post("/totp", status_code=201)
async def enrol_totp(data: FactorNamed, user: ProvenUser, session: SessionDep) -> TotpEnrolment:
    """Begin to enrol an authenticator app: its secret is shown only once, and has to be confirmed within an hour."""
    settings = context_of(session).settings
    row, secret = await changes.begin_totp_enrolment(session, user, data.name)
    return TotpEnrolment(
        id=row.id, name=row.name, secret=secret, uri=otpauth_uri(secret, user.username, settings.site_name)
    )


@router.post("/totp/{factor_id}/confirm")
async def confirm_totp(factor_id: PathId, data: TotpConfirmation, user: ProvenUser, session: SessionDep) -> NewTotpRead:
    """Activate an authenticator app with a code that it shows. With the first factor, recovery codes are returned."""
    added = await changes.confirm_totp_enrolment(session, user, factor_id, data.code.get_secret_value())
    if added is None:
        raise _bad("/code", "The app does not show this code now; see whether the clock of the device is right.")
    return NewTotpRead.model_validate({**_columns(TotpRead, added.factor), "recovery_codes": added.recovery_codes})


@router.patch("/totp/{factor_id}")
async def rename_totp(factor_id: PathId, data: FactorNamed, user: ProvenUser, session: SessionDep) -> TotpRead:
    """Rename an authenticator app."""
    row = await changes.rename_factor(session, user, Totp, factor_id, data.name)
    return TotpRead.model_validate(row)


@router.delete("/totp/{factor_id}", status_code=204)
async def remove_totp(factor_id: PathId, user: ProvenUser, session: SessionDep) -> None:
    """Remove an authenticator app; recovery codes are removed with the last factor."""
    await changes.remove_own_factor(session, user, await find_factor(session, user, Totp, factor_id))


@router.post("/passkeys/options", responses={404: {"description": "Passkeys are not configured"}})
async def begin_passkey_registration(user: ProvenUser, session: SessionDep, request: Request) -> PasskeyOptions:
    """Begin to register a passkey: returns options for `navigator.credentials.create`; send its result next."""
    return PasskeyOptions(options=await begin_registration(session, user, relying_party(context_of(session), request)))


@router.post("/passkeys", status_code=201)
async def register_passkey(
    data: PasskeyRegistration, user: ProvenUser, session: SessionDep, request: Request
) -> NewPasskeyRead:
    """Register a passkey, which can then be used to log in. With the first factor, recovery codes are returned."""
    party = relying_party(context_of(session), request)
    added = await changes.register_passkey(session, user, data.name, data.passkey.as_json(), party)
    if added is None:
        raise _bad("/passkey", "The passkey does not answer an open challenge; begin again.")
    return NewPasskeyRead.model_validate(
        {**_columns(PasskeyRead, added.factor), "recovery_codes": added.recovery_codes}
    )


@router.patch("/passkeys/{factor_id}")
async def rename_passkey(factor_id: PathId, data: FactorNamed, user: ProvenUser, session: SessionDep) -> PasskeyRead:
    """Rename a passkey."""
    row = await changes.rename_factor(session, user, Passkey, factor_id, data.name)
    return PasskeyRead.model_validate(row)


@router.delete("/passkeys/{factor_id}", status_code=204)
async def remove_passkey(factor_id: PathId, user: ProvenUser, session: SessionDep) -> None:
    """Remove a passkey; recovery codes go with the last factor. 409 for the last one of a user without a password."""
    await changes.remove_own_factor(session, user, await find_factor(session, user, Passkey, factor_id))


@router.post("/recovery-codes", responses={409: {"description": "There is no factor that they could replace"}})
async def renew_recovery_codes(user: ProvenUser, session: SessionDep) -> RecoveryCodesRead:
    """Create new recovery codes, which are shown only once; earlier ones become invalid."""
    return RecoveryCodesRead(recovery_codes=await changes.renew_recovery_codes(session, user))


def _columns(schema: type[TotpRead], factor: Totp | Passkey) -> dict[str, object]:
    return {name: getattr(factor, name) for name in schema.model_fields}


def _bad(pointer: str, detail: str) -> BadRequestError:
    return BadRequestError(detail, errors=[FieldError(pointer=pointer, detail=detail, type="wrong_factor")])
