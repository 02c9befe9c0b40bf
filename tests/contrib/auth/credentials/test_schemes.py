"""AUTH_SCHEMES: by what a request may say who asks, on both roads, in the document and in what a 401 tells."""

from datetime import timedelta

import httpx
import pytest
from pydantic import ValidationError

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.testing import new_token
from dovetail.contrib.auth.tokens.personal import make_token
from dovetail.errors import ConfigurationError
from dovetail.testing.fixtures import running, site_application
from plugins.blog.models import Post

POST = {"title": "A title", "content": "Some text"}
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
SLOWLY = {"Idempotency-Key": "so that the fast road leaves it"}


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada", is_superuser=True)


@pytest.fixture
async def token(ada, session):
    token = await new_token(session, ada.id)
    await session.commit()
    return token


@pytest.fixture
async def draft(ada, session):
    post = Post(title="Draft", content="b", author_id=ada.id, is_published=False)
    session.add(post)
    await session.commit()
    return f"/api/posts/{post.id}"


@pytest.fixture
def schemes(request, monkeypatch):
    monkeypatch.setenv("AUTH_SCHEMES", request.param)


def taking(*names):
    """Run a test in a site that takes these schemes; what is read of a request is the same on both databases."""

    def mark(test):
        for one in (
            pytest.mark.usefixtures("schemes"),
            pytest.mark.parametrize("schemes", [",".join(names)], indirect=True),
            pytest.mark.parametrize("database_kind", ["sqlite"]),
        ):
            test = one(test)
        return test

    return mark


async def statuses(client, draft, headers):
    """What a read, a write, each on both roads, and an operation of FastAPI's road answer."""
    me = "/api/users/me"
    answers = [
        await client.get(draft, headers=headers),
        await client.get(me, headers=headers),
        await client.post("/api/posts", json=POST, headers=headers),
        await client.post("/api/posts", json=POST, headers=headers | SLOWLY),
    ]
    return [answer.status_code for answer in answers]


ALL, NONE = [200, 200, 201, 201], [404, 401, 401, 401]


@taking("Token")
async def test_the_scheme_token_is_taken_in_any_case_and_bearer_is_not(client, draft, token):
    assert await statuses(client, draft, {"Authorization": f"Token {token}"}) == ALL
    assert (await client.get("/api/users/me", headers={"Authorization": f"token {token}"})).status_code == 200
    assert await statuses(client, draft, {"Authorization": f"Bearer {token}"}) == NONE
    refused = await client.get("/api/users/me", headers={"Authorization": "Token wrong"})
    assert refused.headers["www-authenticate"] == 'Token error="invalid_token"'
    assert (await client.get("/api/users/me")).headers["www-authenticate"] == "Token"


@taking("Bearer", "ApiKey")
async def test_an_api_key_stands_in_a_header_of_its_own(client, draft, token, ada, session):
    key = await make_token(session, ada, name="k", scopes=None, lifetime=timedelta(days=1))
    await session.commit()
    for one in (token, key.token):
        assert await statuses(client, draft, {"X-API-Key": one}) == ALL
    assert await statuses(client, draft, {"X-API-Key": "wrong"}) == [401, 401, 401, 401]
    anonymous = await client.get("/api/posts")
    assert (anonymous.headers["vary"], "cache-control" in anonymous.headers) == ("Authorization, X-API-Key", False)
    known = await client.get(draft, headers={"X-API-Key": token})
    assert known.headers["cache-control"] == "no-store"
    assert (await client.get("/api/users/me")).headers["www-authenticate"] == "Bearer"


@taking("Bearer", "Token", "ApiKey")
async def test_several_credentials_are_refused_whatever_they_are(client, draft, token):
    right, other = ("Authorization", f"Bearer {token}"), ("Authorization", f"Token {token}")
    for headers in ([right, right], [right, other], [right, ("X-API-Key", token)], [("X-API-Key", token)] * 2):
        for method, path in (("GET", draft), ("GET", "/api/users/me"), ("POST", "/api/posts")):
            answer = await client.request(method, path, headers=headers, json=POST if method == "POST" else None)
            assert answer.status_code == 400, (headers, answer.text)
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_request"'
    beside_a_proxys = [("Authorization", "Basic eDp5"), ("X-API-Key", token)]
    assert (await client.get(draft, headers=beside_a_proxys)).status_code == 200


@taking("Token", "Bearer")
async def test_a_401_has_a_challenge_for_each_scheme_that_has_one(client, ada):
    for path in ("/api/users/me", "/api/users", "/debug/pool"):
        assert (await client.get(path)).headers["www-authenticate"] == "Token, Bearer"
    for scheme, told in (
        ("Bearer", 'Token, Bearer error="invalid_token"'),
        ("Token", 'Token error="invalid_token", Bearer'),
    ):
        wrong = await client.get("/api/users/me", headers={"Authorization": f"{scheme} wrong"})
        assert wrong.headers["www-authenticate"] == told


@taking("ApiKey")
async def test_a_401_names_the_header_where_no_scheme_has_a_challenge(client):
    assert (await client.get("/api/users/me")).headers["www-authenticate"] == 'ApiKey header="X-API-Key"'


@taking("Session")
async def test_a_401_names_the_cookie_where_there_is_nothing_else(client):
    assert (await client.get("/api/users/me")).headers["www-authenticate"] == "Cookie"


@pytest.fixture
async def cookie(ada, app, back_office_for):
    office = await back_office_for(ada)
    return "; ".join(f"{name}={value}" for name, value in office.client.cookies.items())


@taking("Bearer", "Session")
async def test_the_cookie_of_the_back_office_is_taken_from_pages_of_this_origin_alone(client, draft, cookie):
    page = {"Cookie": cookie, **SAME_ORIGIN}
    for path in (draft, "/api/users/me", "/api/users"):
        assert (await client.get(path, headers=page)).status_code == 200
        for elsewhere in ("cross-site", "same-site", "none"):
            foreign = await client.get(path, headers=page | {"Sec-Fetch-Site": elsewhere})
            assert foreign.status_code == (404 if path == draft else 401)
        assert (await client.get(path, headers={"Cookie": cookie})).status_code == (404 if path == draft else 401)
    for origin, status in (("http://testserver", 200), ("http://evil.example", 401), ("null", 401)):
        headers = {"Cookie": cookie, "Origin": origin, "Host": "testserver"}
        assert (await client.get("/api/users/me", headers=headers)).status_code == status
    answer = await client.get(draft, headers=page)
    assert answer.headers["cache-control"] == "no-store"
    assert (await client.get("/api/posts")).headers["vary"] == "Authorization, Cookie"


@taking("Bearer", "Session")
async def test_over_https_the_cookie_cannot_be_set_by_another_host(app, cookie):
    transport = httpx.ASGITransport(app)
    for root, sent, status in (
        ("https://testserver", f"__Host-{cookie}", 200),
        ("https://testserver", cookie, 401),
        ("http://testserver", f"__Host-{cookie}", 401),
    ):
        async with httpx.AsyncClient(transport=transport, base_url=root) as client:
            answer = await client.get("/api/users/me", headers={"Cookie": sent, **SAME_ORIGIN})
            assert answer.status_code == status, (root, sent)


@taking("Bearer", "Session")
async def test_unsafe_requests_with_a_cookie_require_the_csrf_token_of_the_session(client, draft, cookie, token):
    page = {"Cookie": cookie, **SAME_ORIGIN}
    csrf = (await client.get("/api/auth/csrf", headers=page)).json()["csrf_token"]
    for wrong in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": csrf[:-1] + ("0" if csrf[-1] != "0" else "1")}):
        for slowly in ({}, SLOWLY):
            answer = await client.post("/api/posts", json=POST, headers=page | wrong | slowly)
            assert (answer.status_code, "X-CSRF-Token" in answer.json()["detail"]) == (403, True)
        assert (await client.patch(draft, json={"title": "x"}, headers=page | wrong)).status_code == 403
    assert await statuses(client, draft, page | {"X-CSRF-Token": csrf}) == ALL
    foreign = page | {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"}
    assert (await client.post("/api/posts", json=POST, headers=foreign)).status_code == 401
    by_token = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/api/auth/csrf", headers=by_token)).json() == {"csrf_token": None}
    # A header is meant; a cookie comes by itself.
    assert (await client.post("/api/posts", json=POST, headers=by_token | {"Cookie": cookie})).status_code == 201


@taking("Bearer")
async def test_a_cookie_is_ignored_by_a_site_without_the_session_scheme(client, draft, cookie):
    assert await statuses(client, draft, {"Cookie": cookie, **SAME_ORIGIN}) == NONE


@taking("Bearer", "Session")
async def test_the_token_in_a_cookie_is_no_bearer_token_and_the_other_way_round(client, draft, cookie, token):
    name, _, key = cookie.partition("=")
    assert await statuses(client, draft, {"Authorization": f"Bearer {key}"}) == [401, 401, 401, 401]
    swapped = {"Cookie": f"{name}={token}", **SAME_ORIGIN}
    assert (await client.get("/api/users/me", headers=swapped)).status_code == 401


@taking("Token", "ApiKey", "Session")
async def test_the_document_has_the_schemes_as_configured(app):
    document = app.openapi()
    described = document["components"]["securitySchemes"]
    assert [(name, one["in"]) for name, one in described.items()] == [
        ("Token", "header"),
        ("ApiKey", "header"),
        ("Session", "cookie"),
        ("CSRF", "header"),
    ]
    reads = [{"Token": []}, {"ApiKey": []}, {"Session": []}]
    assert document["paths"]["/api/posts"]["get"]["security"] == [{}, *reads]
    assert document["paths"]["/api/users/me"]["get"]["security"] == reads
    assert document["paths"]["/debug/pool"]["get"]["security"] == reads
    assert document["paths"]["/api/posts"]["post"]["security"] == [*reads[:2], {"Session": [], "CSRF": []}]


@taking("Bearer", "ApiKey")
async def test_the_document_keeps_the_login_of_bearer(app):
    described = app.openapi()["components"]["securitySchemes"]
    assert described["Bearer"]["flows"]["password"]["tokenUrl"] == "/api/auth/login"
    assert described["ApiKey"]["name"] == "X-API-Key"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"schemes": "Beerer"}, "did you mean 'Bearer'"),
        ({"schemes": "Bearer, api-key"}, "did you mean 'ApiKey'"),
        ({"schemes": ""}, "names no scheme"),
        ({"schemes": "Bearer,bearer"}, "twice"),
        ({"api_key_header": "Authorization"}, "header of its own"),
        ({"api_key_header": "X Key"}, "header of its own"),
    ],
    ids=str,
)
def test_an_unknown_scheme_or_header_is_refused_with_a_suggestion(values, told):
    with pytest.raises(ValidationError, match=told):
        AuthSettings.model_validate(values)


@taking("Session")
async def test_sessions_of_browsers_without_a_back_office_are_refused_at_start(settings):
    alone = settings.model_copy(update={"plugins": tuple(one for one in settings.plugins if "admin" not in one)})
    with pytest.raises(ConfigurationError, match=r"add dovetail\.contrib\.admin"):
        async with running(site_application(alone)):
            pass


@taking("ApiKey")
async def test_a_key_that_pages_of_other_origins_may_not_send_is_refused_at_start(settings):
    with pytest.raises(ConfigurationError, match="add it to CORS_ALLOWED_HEADERS"):
        site_application(settings.model_copy(update={"cors_allowed_origins": ("https://friend.example",)}))
