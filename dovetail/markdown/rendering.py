"""Render Markdown to safe HTML, for templates, computed columns and the preview of the back office.

The text is CommonMark with tables and strikethrough (https://markdown-it-py.readthedocs.io). HTML in it is sanitized
(https://nh3.readthedocs.io): scripts, styles, forms, frames, classes and ids are removed, and links may only use
`http`, `https`, `mailto` and `tel`.
"""

from collections.abc import Callable, Collection

from markupsafe import Markup

from dovetail.markdown.addresses import is_near

LONGEST = 100_000  # characters of a text that is rendered
EXCERPT = 2_000  # characters rendered in the event loop: at worst 10 microseconds each (thousands of open brackets)
SCHEMES = frozenset({"http", "https", "mailto", "tel"})


async def render_markdown(text: str | None, *, image_hosts: Collection[str] = ()) -> Markup:
    """Return the HTML of a text of at most 100,000 characters; a longer one is returned as preformatted text.

    Images are shown if they are the site's own, or from `image_hosts` (`("images.example.com",)`) by HTTPS; others
    become links. Texts are rendered in a thread, one at a time, so that the event loop is not blocked.
    """
    from dovetail.markdown.threads import run_in_turn  # here, since commands import this module without rendering

    if len(text or "") > LONGEST:
        return Markup("<pre>{}</pre>").format(text)
    return await run_in_turn(_render, text or "", frozenset(image_hosts))


def render_excerpt(text: str | None, *, longest: int = EXCERPT, image_hosts: Collection[str] = ()) -> Markup:
    """Return the HTML of the beginning of a text, without awaiting: for synchronous code such as a computed column.

    A text of more than `longest` characters is cut between two paragraphs if possible, and ends with an ellipsis. Raise
    ValueError if `longest` is not between 1 and 2,000.
    """
    if not 0 < longest <= EXCERPT:
        raise ValueError(f"longest is {longest}, expected 1 to {EXCERPT}; await render_markdown for a whole text")
    whole = text or ""
    if len(whole) > longest:
        paragraphs = whole[:longest].rpartition("\n\n")[0]
        whole = (paragraphs or whole[: longest - 1]) + "…"
    return _render(whole, frozenset(image_hosts))


def _render(text: str, image_hosts: frozenset[str]) -> Markup:
    import nh3  # here, since few processes render anything

    from dovetail.markdown.parser import to_html

    html = nh3.clean(
        to_html(text, image_hosts),
        url_schemes=set(SCHEMES),
        link_rel="nofollow noopener noreferrer",
        attribute_filter=_without_far_images(image_hosts),
    )
    return Markup(html)  # noqa: S704 - sanitized by nh3


def _without_far_images(hosts: Collection[str]) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        is_image = tag == "img" and attribute == "src"
        return value if not is_image or is_near(value, hosts) else None

    return keep
