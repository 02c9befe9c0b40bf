"""Passkeys and authenticator apps in a real Chromium, whose virtual authenticator stands in for a device."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.async_api import CDPSession, Page, Route, expect

from dovetail.testing.browser import LiveServer
from tests.contrib.admin.axe import findings
from tests.running import free_port, manage, serving

pytestmark = pytest.mark.browser
PASSWORD = "four words that nobody guesses"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Device:
    """A device with passkeys, which its user touches whenever it asks, or leaves alone."""

    devtools: CDPSession
    key: str

    @classmethod
    async def plug_into(cls, page: Page) -> "Device":
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        return cls(devtools, added["authenticatorId"])

    async def touch(self, *, really: bool = True) -> None:
        values = {"authenticatorId": self.key, "enabled": really}
        await self.devtools.send("WebAuthn.setAutomaticPresenceSimulation", values)

    async def touch_when_asked(self, page: Page) -> None:
        """Touch it for what a script of `page` fetches next, and asks then, and for nothing that it asked before."""

        async def touch(route: Route) -> None:
            await self.touch()
            await route.continue_()

        await page.route("**/login/passkey-options", touch, times=1)

    async def leave_alone(self) -> None:
        await self.touch(really=False)


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def environment(tmp_path_factory, port):
    return {
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('site')}/site.sqlite3",
        "AUTH_PASSKEY_ORIGINS": f'["http://localhost:{port}"]',
    }


@pytest.fixture(scope="module")
def process(environment, port):
    """The site that `make run` makes, from nothing."""
    with serving("quickstart", "--port", str(port), port=port, **environment) as process:
        yield process


@pytest.fixture
def live_server(process, port):
    return LiveServer(url=f"http://localhost:{port}", process=process)


def new_administrator(environment, name: str, *options: str, **more: str) -> str:
    """What `createsuperuser` prints."""
    variables = {"SUPERUSER_USERNAME": name, "SUPERUSER_EMAIL": f"{name}@example.org", **more}
    made = manage("createsuperuser", "--noinput", *options, **environment, **variables)
    assert made.code == 0, made
    return made.stdout


async def log_out(page: Page) -> None:
    async with page.expect_response(
        "**/login/passkey-options"
    ) as offered:  # by the field of the name, as soon as it is there
        await page.get_by_role("button", name="Log out").click()
    await (await offered.value).finished()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def test_from_make_run_to_an_administrator_without_a_password(browser_page, environment):
    page = browser_page
    link = re.search(r"http://localhost:\S+", new_administrator(environment, "grace", "--passkey"))[0]
    device = await Device.plug_into(page)
    await page.goto(link)
    await page.get_by_role("button", name="Register a passkey").click()
    await expect(page.locator(".recovery-codes li")).to_have_count(10)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_role("heading", name="Welcome, grace")).to_be_visible()
    await device.leave_alone()  # it would take what the field of the name offers
    await log_out(page)
    await device.touch_when_asked(page)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading", name="Welcome, grace")).to_be_visible()
    await page.goto("/admin/account/")
    await expect(page.get_by_text("My first passkey")).to_be_visible()
    size = page.viewport_size
    await page.set_viewport_size({"width": 390, "height": 860})
    await page.get_by_label("Rename My first passkey").click()
    name = await page.locator(".factor-name").bounding_box()
    assert name["width"] > 200  # and not a letter a line
    await page.set_viewport_size(size)
    await device.leave_alone()
    await log_out(page)
    await page.goto(link)
    await expect(page.get_by_role("alert")).to_contain_text("This link was used")


async def test_the_field_of_the_name_offers_passkeys_before_any_button(browser_page, environment):
    page = browser_page
    link = re.search(r"http://localhost:\S+", new_administrator(environment, "hedy", "--passkey"))[0]
    device = await Device.plug_into(page)
    await page.goto(link)
    await page.get_by_role("button", name="Register a passkey").click()
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_role("heading", name="Welcome, hedy")).to_be_visible()
    await device.leave_alone()
    await log_out(page)
    await device.touch_when_asked(page)
    await page.goto("/admin/login?next=/admin/account/")  # where the device takes what the field offers
    await expect(page.get_by_text("My first passkey")).to_be_visible()


async def test_an_administrator_enrols_an_app_and_logs_in_by_password_and_code(browser_page, environment):
    page = browser_page
    new_administrator(environment, "ada", SUPERUSER_PASSWORD=PASSWORD)

    async def give_password() -> None:
        await page.get_by_label("Username or e-mail address").fill("ada")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()

    await page.goto("/admin/login?next=/admin/account/")
    await give_password()
    await page.get_by_label("New authenticator app").fill("My telephone")
    await page.get_by_role("button", name="Add an app").click()
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    problems = {"the new app": await findings(page)}
    secret = "".join((await page.locator("code.secret").inner_text()).split())
    await page.get_by_label("Code", exact=True).fill("000000")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_text("The app does not show this code now.")).to_be_visible()
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).at(datetime.now(UTC)))
    await page.get_by_role("button", name="Confirm").click()
    code = await page.locator(".recovery-codes li").first.inner_text()
    problems["the recovery codes"] = await findings(page)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    problems["the account"] = await findings(page)
    await log_out(page)
    await give_password()
    await page.get_by_label("Code of your authenticator app").fill(
        pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))
    )
    await page.get_by_role("button", name="Log in").first.click()
    await expect(page.get_by_role("heading", name="Welcome, ada")).to_be_visible()
    await log_out(page)
    await give_password()
    await page.get_by_text("Use a recovery code").click()
    await expect(page.get_by_label("Recovery code", exact=True)).to_be_visible()
    problems["the second step"] = await findings(page)
    await page.get_by_label("Recovery code", exact=True).fill(code)
    await page.get_by_role("button", name="Log in").last.click()
    await expect(page.get_by_role("heading", name="Welcome, ada")).to_be_visible()
    assert {where: found for where, found in problems.items() if found} == {}
