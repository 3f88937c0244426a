"""The composition root: it imports everything and nothing imports it."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
