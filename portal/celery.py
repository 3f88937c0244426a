"""The Celery application; a worker without -Q takes every queue of the house."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("recado")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
