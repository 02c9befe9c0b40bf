#!/usr/bin/env python
"""Dovetail's command line: `python manage.py help`."""

try:
    from dovetail.server.collector import defer_collection

    defer_collection()  # before it imports what lives as long as it does
    from config.settings import Settings
    from dovetail.cli.main import main
except ModuleNotFoundError as error:
    raise SystemExit(f"manage.py: {error}; run `make install`, then `.venv/bin/python manage.py`") from None

if __name__ == "__main__":
    raise SystemExit(main(Settings))
