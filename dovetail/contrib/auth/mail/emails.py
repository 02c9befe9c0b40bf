"""The texts of e-mails about accounts."""

from dovetail.contrib.auth.mail.backends import EmailMessage
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.translation.texts import gettext, npgettext

DAY, HOUR, MINUTE = 86_400, 3600, 60  # seconds


def reset_password(user: User, token: str, settings: AuthSettings, page: str = "") -> EmailMessage:
    """Return the message with a link to choose a new password, on `page` unless the settings name another page."""
    return _write(
        user,
        gettext("Choose a new password"),
        gettext("somebody, probably you, asked for a new password for your account."),
        _password_action(settings, token, page),
        gettext("This works once, within %(reset_token_lifetime)s. If it was not you, ignore this message.")
        % {"reset_token_lifetime": _duration(settings.reset_token_lifetime)},
    )


def verify_email(user: User, token: str, settings: AuthSettings) -> EmailMessage:
    """Return the message with a link to verify the user's address."""
    return _write(
        user,
        gettext("Confirm your e-mail address"),
        gettext("please confirm that this is your e-mail address."),
        _action(settings.verify_url, token, gettext("Confirm it where the site asks for the token of this e-mail:")),
        gettext("This works once, within %(verify_token_lifetime)s.")
        % {"verify_token_lifetime": _duration(settings.verify_token_lifetime)},
    )


def password_changed(user: User) -> EmailMessage:
    """Return the message that the password was changed, in case the user did not do it."""
    return _write(
        user,
        gettext("Your password was changed"),
        gettext("the password of your account was changed, and all other sessions were ended."),
        gettext("If it was not you, ask for a new password at once."),
    )


def confirm_email(user: User, new_email: str, token: str, settings: AuthSettings) -> EmailMessage:
    """Return the message, sent to the new address, with a link to verify it."""
    return _write(
        user,
        gettext("Confirm your new e-mail address"),
        gettext("this address is to become the one of your account. It does once you confirm it."),
        _action(settings.verify_url, token, gettext("Confirm it where the site asks for the token of this e-mail:")),
        gettext("This works once, within %(verify_token_lifetime)s. If it was not you, ignore this message.")
        % {"verify_token_lifetime": _duration(settings.verify_token_lifetime)},
        to=new_email,
    )


def email_change_requested(user: User, new_email: str) -> EmailMessage:
    """Return the message, sent to the current address, that a change was requested, in case the user did not do it."""
    return _write(
        user,
        gettext("Your e-mail address is about to change"),
        gettext(
            "your account is to have the e-mail address %(new_email)s, once somebody there confirms "
            "it. Until then messages come here."
        )
        % {"new_email": new_email},
        gettext("If it was not you who asked, choose a new password at once: that stops it."),
    )


def invitation(user: User, token: str, settings: AuthSettings, page: str = "") -> EmailMessage:
    """Return the message to a user whose account staff created, with a link to choose a password on `page`."""
    return _write(
        user,
        gettext("You have an account"),
        gettext("an account was made for you; its username is %(username)s. Choose a password for it.")
        % {"username": user.username},
        _password_action(settings, token, page),
        gettext("This works once, within %(verify_token_lifetime)s.")
        % {"verify_token_lifetime": _duration(settings.verify_token_lifetime)},
    )


def address_in_use(owner: User) -> EmailMessage:
    """Return the message to the owner of an address that somebody tried to use for another account."""
    return _write(
        owner,
        gettext("You have an account already"),
        gettext(
            "somebody, perhaps you, wants to use this address for an account. It is that of your "
            "account %(username)s, so nothing was changed."
        )
        % {"username": owner.username},
        gettext("If you do not remember your password, ask for a new one. If it was not you, ignore this message."),
    )


def change_of_credentials(user: User, change: str) -> EmailMessage:
    """Return the message about a change of the user's credentials, in case the user did not make it."""
    return _write(
        user,
        gettext("A change of your account"),
        change,
        gettext("If it was not you, ask for a new password at once, and write to the people who run this site."),
    )


def username_changed(user: User, old_username: str) -> EmailMessage:
    """Return the message that the username was changed, in case the user did not do it."""
    return _write(
        user,
        gettext("Your username was changed"),
        gettext("your account was called %(old_username)s and is called %(username)s now.")
        % {"old_username": old_username, "username": user.username},
        gettext("If it was not you, choose a new password at once."),
    )


def email_changed(user: User, old_email: str) -> EmailMessage:
    """Return the message, sent to the old address, that the address was changed."""
    return _write(
        user,
        gettext("Your e-mail address was changed"),
        gettext("your account has a new e-mail address; messages no longer come here."),
        gettext("If it was not you, write to the people who run this site."),
        to=old_email,
    )


def _write(user: User, subject: str, *paragraphs: str, to: str | None = None) -> EmailMessage:
    body = "\n\n".join([gettext("Hello %(username)s,") % {"username": user.username}, *paragraphs])
    return EmailMessage(to=to or user.email, subject=subject, body=body)


def _password_action(settings: AuthSettings, token: str, page: str) -> str:
    words = gettext("Choose the password where the site asks for the token of this e-mail:")
    return _action(settings.reset_password_url or page, token, words)


def _action(url: str, token: str, words: str) -> str:
    if url:
        return gettext("Open this page:\n%(token)s") % {"token": url.replace("{token}", token)}
    return f"{words}\n{token}"


def _duration(seconds: int) -> str:
    days, hours, minutes = seconds // DAY, seconds // HOUR, seconds // MINUTE
    if days:
        return npgettext("within", "%(count)s day", "%(count)s days", days) % {"count": days}
    if hours:
        return npgettext("within", "%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    if minutes:
        return npgettext("within", "%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return npgettext("within", "%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
