"""Make Django's own tables beside the blog's, and a superuser: `python -m benchmarks.contestants.django_admin.prepare`.

The name and the password come from DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD.
"""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.contestants.django_admin.settings")
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createsuperuser", interactive=False, email="root@example.org", verbosity=0)
