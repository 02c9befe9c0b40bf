"""`/docs` and `/openapi.json`: Swagger UI, whose files come from this site, and the document that it shows.

The wheel `fastapi-swagger` carries the files, one version of Swagger UI in each of its own; the lock file pins it.
"""

from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from dovetail.api.addresses import address_of
from dovetail.api.principal import VISITOR_AUTHENTICATOR, find_staff, require_staff_reader
from dovetail.errors import NotAuthenticatedError, NotFoundError
from dovetail.state import HasState, StateKey

DISTRIBUTION, PACKAGE = "fastapi-swagger", "fastapi_swagger"
OWN_FILES = Path(__file__).parent / "assets"
FILE_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}  # the address names the version
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie"}

# 'unsafe-inline' stands nowhere: React sets styles by the DOM, which no policy forbids.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="$files/swagger-ui.css">
</head>
<body>
<div id="swagger-ui" data-url="$document">
<p>This page is drawn by a script. Without it, read <a href="$document">$document</a>.</p>
</div>
<script src="$files/swagger-ui-bundle.js"></script>
<script src="$files/docs.js"></script>
</body>
</html>
""")

# The document as JSON, and what it was written of.
WRITTEN = StateKey[tuple[dict[str, object], bytes | memoryview]]("openapi_written")
FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "docs.js"})


@cache  # every application of a process may have the same one, as it has the other routers
def make_router(*, for_staff: bool) -> APIRouter:
    """Make both routes; if they are `for_staff`, a token opens them, and so does a session of the back office."""
    router = APIRouter(include_in_schema=False)
    headers = PRIVATE if for_staff else {}

    @router.get("/docs")
    async def show_docs(request: Request) -> Response:
        """Show every operation, and let it be tried."""
        if for_staff:
            try:
                await find_staff(request, pages=True)
            except NotAuthenticatedError:
                if VISITOR_AUTHENTICATOR.find(request.app) is None:
                    raise
                login = f"{address_of(request, 'admin:login')}?next={address_of(request, 'show_docs')}"
                return RedirectResponse(login, 303, headers)
        page = PAGE.substitute(
            title=escape(request.app.title),
            document=escape(address_of(request, "show_document") or ""),
            files=escape((address_of(request, "send_file", _version=_version(), name="-") or "").removesuffix("/-")),
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY, **headers})

    @router.get("/openapi.json", dependencies=[Depends(require_staff_reader)] if for_staff else [])
    async def show_document(request: Request) -> Response:
        """Answer the description that clients are generated from."""
        document = request.app.openapi()
        described = _behind(document, _root(request))
        body = _written(request.app, document) if described is document else JSONResponse(described).body
        return Response(body, headers=headers, media_type=JSONResponse.media_type)

    @router.get("/docs/{_version}/{name}")
    async def send_file(name: str) -> FileResponse:
        """Send one of the files of the page."""
        if name not in FILES:
            raise NotFoundError
        folder = OWN_FILES if (OWN_FILES / name).exists() else _swagger_files()
        return FileResponse(folder / name, headers=FILE_HEADERS)

    return router


def _written(app: HasState, document: dict[str, object]) -> bytes | memoryview:
    """Return the document as JSON. It is written once, since that takes longer than all the rest of the request."""
    found = WRITTEN.find(app)
    if found is None or found[0] is not document:
        found = (document, JSONResponse(document).body)
        WRITTEN.set(app, found)
    return found[1]


def _behind(document: dict[str, Any], root: str) -> dict[str, object]:
    """Return the document for those who reach the site behind a prefix that a proxy takes away, as `servers` say."""
    if not root or root in [server.get("url") for server in document.get("servers", [])]:
        return document
    return {**document, "servers": [{"url": root}, *document.get("servers", [])]}


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


@cache
def _version() -> str:
    """Return the version of Swagger UI, and a digest of the site's own script."""
    own = sha256((OWN_FILES / "docs.js").read_bytes())
    return f"{version(DISTRIBUTION)}-{own.hexdigest()[:8]}"


def _swagger_files() -> Path:
    found = find_spec(PACKAGE)  # it is never imported: it would change an application in its own way
    if found is None or found.origin is None:
        raise RuntimeError(f"The files of Swagger UI are missing; install {DISTRIBUTION}.")
    return Path(found.origin).parent / "resources"
