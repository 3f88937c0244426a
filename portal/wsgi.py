import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
house = get_wsgi_application()

from apps.inbox.door import Door  # noqa: E402 - needs the apps to be ready

application = Door(house)
