"""The product's settings for a web server of a test's own: SQLite gives up waiting for a lock after half a second."""

from portal.settings import *  # noqa: F403

DATABASES["default"]["OPTIONS"]["timeout"] = 0.5  # noqa: F405
