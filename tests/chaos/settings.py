"""The product's settings with the drills' own app beside them."""

from portal.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.drill"]  # noqa: F405
