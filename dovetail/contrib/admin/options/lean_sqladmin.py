"""Imports SQLAdmin without Babel, where that happens to be installed, as it is for developers.

SQLAdmin would read its own catalogs with it, of texts in six languages that the back office never shows: its texts
are in catalogs of its own. So a page is made everywhere as it is in production, and a start imports less.

Import this module before SQLAdmin; tests/test_startup_costs.py fails when it has no effect any more.
"""

from dovetail.server.hidden import hidden

with hidden("babel"):
    import sqladmin  # noqa: F401 - to import it here
