"""Convert Markdown to HTML that is not sanitized yet. Only imported when something is rendered."""

from collections.abc import Collection, Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from dovetail.markdown.addresses import is_near

CELLS = 2_000  # cells a table may have, plus four times those written: the parser fills up short rows with empty cells
HOSTS = "image_hosts"


class Renderer(RendererHTML):
    """Renders images from hosts that are not allowed as links."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Return the image, or a link to it."""
        source = str(tokens[idx].attrs.get("src", ""))
        if is_near(source, env[HOSTS]):
            return super().image(tokens, idx, options, env)
        words = self.renderInlineAsText(tokens[idx].children, options, env)
        return str(Markup('<a href="{}">{}</a>').format(source, words or source))


def to_html(text: str, image_hosts: Collection[str]) -> str:
    """Return the HTML of a Markdown text; HTML in the text is left as it is."""
    parser = MarkdownIt("commonmark", renderer_cls=Renderer).enable("strikethrough")
    if not _has_vast_table(text):
        parser.enable("table")
    html: str = parser.render(text, {HOSTS: image_hosts})
    return html


def _has_vast_table(text: str) -> bool:
    """Return whether a table would have far more cells than are written: one wide row and thousands of short ones."""
    for block in text.split("\n\n"):
        pipes = [line.count("|") for line in block.splitlines()]
        widest, rows = max(pipes, default=0), sum(1 for count in pipes if count)
        if widest * rows > CELLS + 4 * sum(pipes):
            return True
    return False
