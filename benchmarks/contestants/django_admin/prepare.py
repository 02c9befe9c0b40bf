"""Make Django's own tables beside the blog's, and a superuser: `python -m benchmarks.contestants.django_admin.prepare`.

The name and the password come from DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD.
"""

import os

import django
from django.core.management import call_command
from django.db import connection

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.contestants.django_admin.settings")
    django.setup()
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sessions.models import Session

    from benchmarks.contestants.django_admin.models import Staff

    with connection.schema_editor() as editor:
        # Not by `migrate`, which would make those of groups and permissions, and ours have their names.
        for model in (ContentType, Session, Staff, LogEntry):
            editor.create_model(model)
    with connection.cursor() as cursor:  # Django wants a key of one column to list what goes with a user
        key = "id BIGINT GENERATED ALWAYS AS (post_id * 1000000 + tag_id) VIRTUAL"
        cursor.execute(f"ALTER TABLE blog_post_tag ADD COLUMN {key}")
    call_command("createsuperuser", interactive=False, verbosity=0)
