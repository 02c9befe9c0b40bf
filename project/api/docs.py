"""`/docs`: Swagger UI, which the browser loads from a CDN, as FastAPI does; the API itself never needs it."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

CDN = "https://cdn.jsdelivr.net"
FAVICON = "data:,"  # FastAPI's would be fetched from yet another host
PLACE = '<div id="swagger-ui">'
UNTIL_LOADED = (
    "<p>This page is drawn by Swagger UI, which your browser loads from {cdn}. "
    "Without it, read <a href='{url}'>{url}</a>.</p>"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def show_docs(request: Request) -> HTMLResponse:
    """Show every operation, and let it be tried."""
    url = escape(request.scope.get("root_path", "").rstrip("/")) + "/openapi.json"
    title = escape(request.app.title)
    page = get_swagger_ui_html(openapi_url=url, title=title, swagger_favicon_url=FAVICON)
    text = bytes(page.body).decode().replace(PLACE, PLACE + UNTIL_LOADED.format(cdn=CDN, url=url), 1)
    return HTMLResponse(text, headers={"Content-Security-Policy": _policy(text)})


def _policy(page: str) -> str:
    # The page starts Swagger UI with a script of its own: that script may run, and no other that stands in the page.
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {CDN} {hashes}; style-src {CDN} 'unsafe-inline'; img-src 'self' data: {CDN}; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
