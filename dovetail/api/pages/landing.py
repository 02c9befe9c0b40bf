"""The page at `/`, with links to the docs and the back office."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dovetail.api.addresses import address_of
from dovetail.state import StateKey

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6878; --paper: #f6f7f9; --card: #fff; --line: #dfe3e9;
  --accent: #0b63ce; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #9aa6b6; --paper: #12161c; --card: #1a2029;
  --line: #2b3440; --accent: #6cb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { width: 100%; max-width: 40rem; }
h1 { margin: 0; font-size: 2.25rem; line-height: 1.2; letter-spacing: -.02em; overflow-wrap: anywhere; }
p { margin: .5rem 0 0; color: var(--soft); }
nav { display: grid; gap: .75rem; margin: 2rem 0; }
nav a { display: block; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .75rem;
  background: var(--card); color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus-visible { border-color: var(--accent); }
nav strong { display: block; color: var(--accent); }
code { font: .875em ui-monospace, monospace; padding: .1em .45em; border: 1px solid var(--line); border-radius: .35rem;
  background: var(--card); }
"""

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$name</title>
<link rel="icon" href="data:,">
<style>$style</style>
</head>
<body>
<main>
<h1>$name</h1>
<p>This site runs on Dovetail.</p>
<nav>
$links
</nav>
<p>$plugins</p>
</main>
</body>
</html>
""")

POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

PLACES = (  # by the names of their routes
    ("show_docs", "API", "Read about every operation and try it."),
    ("admin:index", "Back office", "Edit what the site holds."),
    ("show_document", "OpenAPI", "The description that clients are generated from."),
)

PLUGIN_NAMES = StateKey[tuple[str, ...]]("plugin_names")

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_landing_page(request: Request) -> HTMLResponse:
    """Show the site's name, where to go, and which plugins are enabled."""
    app = request.app
    places = [(address_of(request, name), title, text) for name, title, text in PLACES]
    links = [f'<a href="{escape(to)}"><strong>{title}</strong>{text}</a>' for to, title, text in places if to]
    names = " ".join(f"<code>{escape(name)}</code>" for name in PLUGIN_NAMES.get(app))
    page = PAGE.substitute(
        name=escape(app.title),
        style=STYLE,
        links="\n".join(links),
        plugins=f"Enabled plugins: {names}" if names else "No plugin is enabled.",
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})
