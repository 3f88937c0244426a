"""The Celery application; a worker without -Q takes every queue of the house."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]

# The warning about running as root is about pickled messages; ours are JSON. A demo in a container is often root.
warnings.filterwarnings("ignore", category=SecurityWarning)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("recado")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
