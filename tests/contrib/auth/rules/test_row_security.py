"""The statements of row security as they are written; tests/contract/worlds runs them on PostgreSQL."""

import re

from sqlalchemy import false, or_, true

from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.row_security import row_condition, security_statements
from dovetail.contrib.auth.rules.viewer_functions import as_text, viewer_functions
from dovetail.errors import NotAuthenticatedError
from dovetail.resources.policy import Policy
from plugins.blog.models import Post

ASKED = "current_setting('dovetail.user_id', true)"
FUNCTION = re.compile(
    r"CREATE OR REPLACE FUNCTION dovetail_viewer_(.+) RETURNS (\w+) "
    r"LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS \$dovetail\$(.+)\$dovetail\$",
    re.DOTALL,
)


class Published(Policy):
    """What is published, and one's own."""

    def where(self, user, _action):
        published = Post.is_published.is_(True)
        return published if user is None else or_(published, Post.author_id == user.id)


def test_each_function_has_the_type_of_its_answer_and_asks_for_the_active_user_alone():
    found = [FUNCTION.fullmatch(one).groups() for one in viewer_functions("... = (SELECT dovetail_viewer_id())")]
    bodies = {signature: " ".join(body.split()) for signature, _, body in found}
    assert [(signature, kind) for signature, kind, _ in found] == [
        ("is_unknown()", "boolean"),
        ("is_known()", "boolean"),
        ("has_perm(wanted text)", "boolean"),
        ("id()", "BIGINT"),
    ]
    assert bodies.pop("is_unknown()") == f"SELECT nullif({ASKED}, '') IS NULL"
    for body in bodies.values():
        assert f"WHERE auth_user.id = nullif({ASKED}, '')::bigint AND auth_user.is_active" in body
    assert bodies["is_known()"].startswith("SELECT EXISTS (SELECT auth_user.id")
    assert bodies["id()"].startswith("SELECT auth_user.id FROM auth_user")


def test_a_rule_that_refuses_somebody_unknown_shows_them_no_row():
    def where(user, _action):
        if user is None:
            raise NotAuthenticatedError
        return true()

    assert as_text(row_condition(where, "view")) == "(SELECT dovetail_viewer_is_known())"
    assert as_text(row_condition(lambda user, _: true() if user is None else false(), "view")) == (
        "(SELECT dovetail_viewer_is_unknown())"
    )


def test_a_rule_is_written_for_every_command():
    written = security_statements([ModelPolicy("blog", Post, Published())])
    policies = {one.split(" ON ")[0] for one in written if one.startswith("CREATE POLICY")}
    assert policies == {f"CREATE POLICY dovetail_{action}" for action in ("view", "add", "change", "delete")}
    (viewing,) = (one for one in written if one.startswith("CREATE POLICY dovetail_view "))
    assert "blog_post.is_published IS true" in viewing
    assert "(SELECT dovetail_viewer_is_unknown())" in viewing
    assert "blog_post.author_id = (SELECT dovetail_viewer_id())" in viewing
