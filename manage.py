#!/usr/bin/env python
"""Dovetail's command line: `python manage.py help`."""

from config.settings import Settings
from project.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main(Settings))
