"""One list's first page in a process of its own: `plant`, `look PAGINATOR TIMES`. Prints one line of JSON.

PAGINATOR is `ours` or `default`: the theme's own list with Django's paginator, everything else the same.
"""

import json
import statistics
import sys
import time
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from unfold.views import ChangeList  # noqa: E402

from apps.outbox.models import OutboundMessage  # noqa: E402
from apps.people.models import User  # noqa: E402
from tests.bench.grown import plant  # noqa: E402

WARM = 2


def start() -> None:
    """The company, one row of everything that grows, and somebody who may look."""
    plant("http://127.0.0.1:9/v23.0")
    User.objects.create_superuser("bench", password="for measuring only")


def look(paginator: str, times: int) -> float:
    """Median of milliseconds for the first page, warm."""
    screen: Any = admin.site._registry[OutboundMessage]
    if paginator == "default":
        type(screen).get_changelist = lambda self, request, **kwargs: ChangeList
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="bench"))
    spent = []
    for _number in range(WARM + times):
        began = time.perf_counter()
        answer = client.get(reverse("admin:outbox_outboundmessage_changelist"))
        spent.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            raise SystemExit(f"the list answered {answer.status_code}")
    return statistics.median(spent[WARM:])


def main(arguments: list[str]) -> None:
    if arguments[0] == "plant":
        start()
        print(json.dumps({}))
    else:
        # The page is measured, not the way in, nor the files beside it, which nobody has gathered here.
        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        with override_settings(SECOND_FACTOR_ROLES=[], ALLOWED_HOSTS=["localhost"],
                               STORAGES={**settings.STORAGES, "staticfiles": plain}):  # fmt: skip
            print(json.dumps({"ms": look(arguments[1], int(arguments[2]))}))


if __name__ == "__main__":
    main(sys.argv[1:])
