"""Render the Markdown of a page after its transaction, in a thread, so that no connection is held meanwhile."""

from collections.abc import Collection
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import HTMLResponse

from dovetail.contrib.admin.request_context import LateTexts, request_context
from dovetail.markdown.rendering import render_markdown


def put_off(text: str, image_hosts: Collection[str]) -> Markup:
    """Return a placeholder for a text in the page of the current request, which `fill_places` replaces."""
    place = Markup(f"<!-- {uuid4().hex} -->")  # noqa: S704 - letters and digits only
    request_context().late_texts[place] = (text, image_hosts)
    return place


async def fill_places(response: object, texts: LateTexts) -> None:
    """Replace the placeholders in a page by the HTML of their texts."""
    if not isinstance(response, HTMLResponse):
        return
    body = bytes(response.body)
    for place, (text, image_hosts) in texts.items():
        if place.encode() in body:
            html = await render_markdown(text, image_hosts=image_hosts)
            body = body.replace(place.encode(), html.encode())
    response.body = body
    response.headers["Content-Length"] = str(len(body))
