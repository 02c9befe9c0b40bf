"""The form that lets staff in; a site may bring one with more fields and a rule of its own."""

from starlette.requests import Request
from wtforms import Form, PasswordField, StringField
from wtforms.fields.core import Field

from dovetail.contrib.auth.models import User
from dovetail.translation.texts import gettext_lazy


class LoginForm(Form):
    """Asks for a name and a password. Fields that a site adds stand below them, and are validated before the password.

    class CarefulLogin(LoginForm):
        terms = BooleanField("I have read the rules", validators=[InputRequired()])
    """

    username = StringField(gettext_lazy("Username or e-mail address"))
    password = PasswordField(gettext_lazy("Password"))

    async def confirm_login_allowed(self, request: Request, user: User) -> None:
        """Raise an error of `dovetail.errors` to keep out a user whose password is right."""

    @property
    def more(self) -> list[Field]:
        """Return the fields that a site added."""
        return [field for field in self if field.short_name not in {"username", "password"}]
