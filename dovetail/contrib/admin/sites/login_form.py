"""The login form of staff; a site may have a subclass with more fields and further checks."""

from starlette.requests import Request
from wtforms import Form, PasswordField, StringField
from wtforms.fields.core import Field

from dovetail.contrib.auth.models import User
from dovetail.translation.texts import gettext_lazy


class LoginForm(Form):
    """A form with name and password. Further fields of a subclass are below them, and validated before the password.

    class CarefulLogin(LoginForm):
        terms = BooleanField("I have read the rules", validators=[InputRequired()])
    """

    username = StringField(gettext_lazy("Username or e-mail address"))
    password = PasswordField(gettext_lazy("Password"))

    async def confirm_login_allowed(self, request: Request, user: User) -> None:
        """Raise an error of `dovetail.errors` to refuse a user whose password is right."""

    @property
    def more(self) -> list[Field]:
        """Return the further fields of a subclass."""
        return [field for field in self if field.short_name not in {"username", "password"}]
