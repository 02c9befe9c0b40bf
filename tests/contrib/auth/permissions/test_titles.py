"""What a permission lets somebody do is said in the language of the reader, by the name that the model has there."""

import pytest

from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.titles import in_words
from dovetail.translation.catalogs import Languages
from dovetail.translation.texts import override_language


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("auth.view_group", "Can view group", "Darf ansehen: Gruppe (auth.view_group)"),
        (
            "auth.view_outgoingmail",
            "Can view outgoing mail",
            "Darf ansehen: Ausgehende E-Mail (auth.view_outgoingmail)",
        ),
        (
            "shop.view_order",
            "Can view big order",
            "Darf ansehen: Big order (shop.view_order)",
        ),  # which nobody translated
    ],
)
def test_a_permission_on_a_model_is_shown_in_german(name, title, said):
    with override_language(Languages.load([("de", "Deutsch")], "de", {}).default):
        assert in_words(Permission(name=name, title=title)) == said
