"""Superusers ask in the back office why somebody may do something, and are told what `manage.py why` tells."""

import pytest

ASKED = "/admin/why?user=eddie&action=change&model=blog.post&key=1"
