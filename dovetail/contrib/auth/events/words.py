"""The English words of stored security events, sessions and changes, by which pages translate them."""

from dovetail.translation.stored_sentences import StoredSentences
from dovetail.translation.texts import gettext_lazy

METHODS = {  # how a user logged in, and where
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("authenticator app"),
    "passkey": gettext_lazy("passkey"),
    "recovery_code": gettext_lazy("recovery code"),
    "impersonation": gettext_lazy("acting as somebody else"),
    "office": gettext_lazy("back office"),
    "acting": gettext_lazy("acting as somebody else"),
    "api": gettext_lazy("API"),
}
CREDENTIALS = (
    gettext_lazy("%(said)s, %(name)s, who acts as %(other)s"),
    gettext_lazy("%(name)s, who acts as %(other)s"),
    gettext_lazy("session %(number)s"),
    gettext_lazy("token %(name)s"),
)
OF_GROUPS = (
    gettext_lazy("group %(name)s renamed to %(other)s"),
    gettext_lazy("group %(name)s made"),
    gettext_lazy("group %(name)s deleted"),
    gettext_lazy("group %(name)s: %(names)s"),
    gettext_lazy("group %(name)s"),
)
OF_FACTORS = (
    gettext_lazy("%(said)s was added"),
    gettext_lazy("%(said)s was removed"),
    gettext_lazy("the authenticator app %(name)s"),
    gettext_lazy("the passkey %(name)s"),
    gettext_lazy("new recovery codes were made"),
    gettext_lazy("all second factors and passkeys were removed"),
    gettext_lazy("all passkeys; the address was unverified"),
    gettext_lazy("%(count)s are left"),
)
OF_SESSIONS = (
    gettext_lazy("all"),
    gettext_lazy("all others"),
    gettext_lazy("of everybody"),
    gettext_lazy("of everybody, %(count)s in all"),
    gettext_lazy("number %(number)s"),
    gettext_lazy("a refresh token; its session was ended"),
    gettext_lazy("the personal token %(name)s with all that its owner may do"),
    gettext_lazy("the personal token %(name)s with the scopes %(names)s"),
    gettext_lazy("the personal token %(name)s"),
    gettext_lazy("all personal tokens (%(count)s)"),
)
OF_ACCOUNTS = (
    gettext_lazy("no staff"),
    gettext_lazy("staff, superuser"),
    gettext_lazy("staff"),
    gettext_lazy("superuser"),
    gettext_lazy("%(said)s; was %(said_before)s"),
    gettext_lazy("was %(name)s"),
    gettext_lazy("%(email)s at %(provider)s (%(issuer)s, subject %(subject)s)"),
)
REFUSALS = (
    gettext_lazy("unknown name"),
    gettext_lazy("wrong password"),
    gettext_lazy("deactivated account"),
    gettext_lazy("the password was changed meanwhile"),
    gettext_lazy("kept out by the site"),
    gettext_lazy("too many attempts"),
    gettext_lazy("by a command"),
    gettext_lazy("This takes the permission %(action)s."),
)
JOINED = ("%(said)s (%(said_place)s)", "(%(said)s)", "%(method)s: %(said)s", "%(said)s+%(said_next)s")

EVENTS = (*OF_GROUPS, *OF_FACTORS, *OF_SESSIONS, *OF_ACCOUNTS, *REFUSALS)
WORDS = StoredSentences(METHODS, *EVENTS, *CREDENTIALS, *JOINED)


def method_in_words(method: str) -> str:
    """Return how a user logged in, in words: `password+totp` is a password and a code of an authenticator app."""
    return " + ".join(WORDS.translate(part) for part in method.split("+"))
