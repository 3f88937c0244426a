"""The screens: channels in `accounts`, wording in `templates`."""

from apps.providers.admin import accounts, templates  # noqa: F401 - registers the screens
