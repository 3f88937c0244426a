"""What a key may be made for. Each room declares its own scopes in its `scopes.py`; a scope opens routes, never rows."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.registry import Registry

scopes: Registry[str | Promise] = Registry("API scope", module="scopes")


def declare(name: str, title: str | Promise) -> None:
    """Make a scope known, named `<things>:<read or write>`, with what it allows in plain words."""
    scopes.register(name, title)


declare("people:read", _("Read people and their absences"))
declare("people:write", _("Hire and change people, mark them as left, record absences"))
declare("teams:read", _("Read teams and who is in them"))
declare("teams:write", _("Make and change teams, add and remove their members"))
declare("cost_centres:read", _("Read cost centres"))
declare("cost_centres:write", _("Make, change and remove cost centres"))
declare("calendars:read", _("Read working calendars, their hours and days off"))
declare("calendars:write", _("Make, change and remove working calendars, their hours and days off"))
declare("scim", _("Provision people and teams by SCIM (Okta, Entra ID and the like)"))
