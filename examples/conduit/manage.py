#!/usr/bin/env python
"""The command line of a site with this plugin alone, to try it and to make its migrations."""

try:
    from dovetail.server.collector import defer_collection

    defer_collection()  # before it imports what lives as long as it does
    from dovetail.cli.main import main
    from tests.settings import Settings
except ModuleNotFoundError as error:
    raise SystemExit(f"manage.py: {error}; run `python -m pip install -e '.[test]'`") from None

if __name__ == "__main__":
    raise SystemExit(main(Settings))
