"""Make safe HTML of Markdown, for templates, computed columns and the back office's preview.

CommonMark with tables and strikethrough (https://markdown-it-py.readthedocs.io); HTML within it is kept as far as it is
harmless (https://nh3.readthedocs.io): no scripts, styles, forms, frames, classes or ids, and links with `http`,
`https`, `mailto` and `tel` alone.
"""

from collections.abc import Callable, Collection

from markupsafe import Markup

from dovetail.markdown.addresses import is_near

LONGEST = 100_000  # characters that are rendered
EXCERPT = 2_000  # characters that are rendered at once: at worst 10 microseconds each, for thousands of open brackets
SCHEMES = frozenset({"http", "https", "mailto", "tel"})


async def render_markdown(text: str | None, *, image_hosts: Collection[str] = ()) -> Markup:
    """Return the HTML of a text of at most 100,000 characters; a longer one stays as it is written.

    Images show from the site itself and by HTTPS from `image_hosts`, such as `("images.example.com",)`; others become
    links. It is done in a thread, one text at a time, so that other requests go on meanwhile.
    """
    from dovetail.markdown.threads import run_in_turn  # here, as commands import this module and render nothing

    if len(text or "") > LONGEST:
        return Markup("<pre>{}</pre>").format(text)
    return await run_in_turn(_render, text or "", frozenset(image_hosts))


def render_excerpt(text: str | None, *, longest: int = EXCERPT, image_hosts: Collection[str] = ()) -> Markup:
    """Return the HTML of the beginning of a text, at once: for a computed column, say, which cannot wait.

    A longer text ends between two paragraphs, if it has any, and with an ellipsis. Raise ValueError for a `longest`
    above 2,000 characters.
    """
    if not 0 < longest <= EXCERPT:
        raise ValueError(f"longest is {longest}, expected 1 to {EXCERPT}; await render_markdown for a whole text")
    whole = text or ""
    if len(whole) > longest:
        paragraphs = whole[:longest].rpartition("\n\n")[0]
        whole = (paragraphs or whole[: longest - 1]) + "…"
    return _render(whole, frozenset(image_hosts))


def _render(text: str, image_hosts: frozenset[str]) -> Markup:
    import nh3  # here, as few processes render anything

    from dovetail.markdown.parser import to_html

    html = nh3.clean(
        to_html(text, image_hosts),
        url_schemes=set(SCHEMES),
        link_rel="nofollow noopener noreferrer",
        attribute_filter=_without_far_images(image_hosts),
    )
    return Markup(html)  # noqa: S704 - nh3 has cleaned it


def _without_far_images(hosts: Collection[str]) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        is_image = tag == "img" and attribute == "src"
        return value if not is_image or is_near(value, hosts) else None

    return keep
