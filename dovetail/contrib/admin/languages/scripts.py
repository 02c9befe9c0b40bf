"""Serve the texts of scripts: one script for each language, and a module for the scripts of each plugin."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dovetail.translation.catalogs import Languages


@dataclass(frozen=True)
class ScriptTexts:
    """Serves the texts of scripts in the language that the URL names."""

    languages: Languages

    async def give(self, request: Request) -> Response:
        """Return the script. Raise HTTPException (404) for a language that the site does not have."""
        found = self.languages.known.get(request.path_params["language"])
        if found is None:
            raise HTTPException(404)
        etag = f'"{found.script_hash}"'
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
        return Response(found.script, media_type="text/javascript", headers={"ETag": etag})


@dataclass(frozen=True)
class PluginTexts:
    """Serves a module that exports `gettext` and `ngettext` for the catalog of a plugin."""

    package: str

    async def give(self, _request: Request) -> Response:
        """Return the module; its URL is `texts.js` beside the plugin's files."""
        bound = f"export const {{ gettext, ngettext }} = textsOf({json.dumps(self.package)});"
        source = f'import {{ textsOf }} from "../../assets/texts.js";\n\n{bound}\n'
        return Response(source, media_type="text/javascript")
