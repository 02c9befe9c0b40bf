"""The account page of the logged-in user, and the handlers of the forms in its sections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dovetail.contrib.admin.account.sections import AccountRoute, AccountSection, Prepare
from dovetail.contrib.admin.entry.guard import guarded
from dovetail.contrib.admin.entry.kept_forms import Keeping, find_form_of, forget_form, texts_of
from dovetail.contrib.admin.entry.preparation import Preparation
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.error_messages import ErrorMessage, message_for
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.web.responses import is_refusal
from dovetail.contrib.auth.factors.requirement import lacks_factor
from dovetail.contrib.auth.proof import ProofRequiredError
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.state import StateKey
from dovetail.translation.texts import gettext

REFUSAL = StateKey[Exception]("dovetail_admin_refusal", "nothing was refused")  # an error of `prepare`


@dataclass(frozen=True, kw_only=True)
class SectionContext:
    """A section with the context of its template."""

    section: AccountSection
    values: Mapping[str, object]
    error: str | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sent: "SentForm | None" = None

    @property
    def is_kept(self) -> bool:
        """Return whether a form is shown that was submitted after its session had ended."""
        return self.sent is not None and self.error is None

    def typed(self, route: str) -> FormData:
        """Return the fields of a form of this section that was not saved; an empty form for any other."""
        return FormData() if self.sent is None or self.sent.route != route else self.sent.form


@dataclass(frozen=True)
class SentForm:
    """A form that was not saved: its section, its route, and the fields to show again."""

    section: str
    route: str
    form: FormData


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """Shows all sections, and runs the routes of each."""

    site: SiteContext
    sections: Sequence[AccountSection]

    def routes(self) -> Iterator[Route]:
        """Yield the routes of the page, and of each form on it."""
        yield Route("/account/", guarded(self.site, self.show, enrolling=True), name="account", methods=["GET"])
        for section in self.sections:
            for route in section.routes:
                endpoint = guarded(
                    self.site,
                    partial(self.run, section, route),
                    enrolling=section.is_for_enrolling,
                    keeping=Keeping(page=_account, names=frozenset(route.keeps)) if route.keeps else None,
                    preparation=partial(self._preparation, route),
                )
                name = f"account-{section.name}-{route.name}"
                yield Route(f"/account/{section.name}/{route.name}", endpoint, name=name, methods=["POST"])

    async def show(self, request: Request, sent: SentForm | None = None, told: ErrorMessage | None = None) -> Response:
        """Return the page; the section of `sent` shows what was typed there, and the error `told`."""
        shown = []
        sent = sent or await self._kept(request)
        enrols = lacks_factor(user_of(request), settings_of(request_context().session))
        for section in self.sections:
            if enrols and not section.is_for_enrolling:
                continue
            values = await section.load(self.site, request)
            if values is None:
                continue
            if sent is None or section.name != sent.section:
                shown.append(SectionContext(section=section, values=values))
                continue
            error = None if told is None else gettext("Nothing was changed. %(message)s") % {"message": told.message}
            errors = {} if told is None else _by_field(told)
            shown.append(SectionContext(section=section, values=values, error=error, errors=errors, sent=sent))
        status = HTTPStatus.OK if told is None else told.status
        return await self.site.render(request, "sqladmin/account.html", {"sections": shown, "enrols": enrols}, status)

    async def prepare(self, work: Prepare, request: Request) -> None:
        """Do the work before the transaction; `run` reports its errors."""
        try:
            await work(self.site, request)
        except Exception as error:
            if message_for(error).is_ours:
                raise
            REFUSAL.set(request, error)

    async def run(self, section: AccountSection, route: AccountRoute, request: Request) -> Response:
        """Handle a form of a section, in a savepoint, and show the page again."""
        try:
            async with request_context().session.begin_nested() as change:
                outcome = await self._respond(route, request)
                await forget_form(request_context().session, request, user_of(request))
                if is_refusal(outcome):
                    await change.rollback()
        except ProofRequiredError:
            raise  # the guard redirects to the proof
        except Exception as error:
            request_context().after_commit.tasks.clear()
            told = message_for(error)
            if told.is_ours:
                raise
            typed = FormData([one for one in texts_of(await request.form()) if one[0] in route.keeps])
            return await self.show(request, SentForm(section.name, route.name, typed), told)
        if isinstance(outcome, Response):
            return outcome
        if outcome is not None:
            Flash.success(request, outcome)
        return RedirectResponse(_account(request), HTTPStatus.SEE_OTHER)

    async def _kept(self, request: Request) -> SentForm | None:
        """Return the form that came after its session had ended, or before a proof that it required."""
        named = {
            path_for(request, f"admin:account-{section.name}-{route.name}"): (section.name, route.name)
            for section in self.sections
            for route in section.routes
            if route.keeps
        }
        session, key = request_context().session, self.site.secret_key
        found = await find_form_of(session, key, request, user_of(request), list(named))
        return None if found is None else SentForm(*named[found.path], found.form)

    def _preparation(self, route: AccountRoute, _request: Request) -> Preparation | None:
        return None if route.prepare is None else Preparation(work=partial(self.prepare, route.prepare))

    async def _respond(self, route: AccountRoute, request: Request) -> str | Response | None:
        refusal = REFUSAL.find(request)
        if refusal is not None:
            raise refusal
        return await route.respond(self.site, request)


def _account(request: Request) -> str:
    return path_for(request, "admin:account")


def _by_field(told: ErrorMessage) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for error in told.errors:
        errors.setdefault(error.pointer.strip("/"), []).append(error.detail)
    return errors
