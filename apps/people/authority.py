"""Who asks for something, and by which key: what services check and the journal names."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.errors import NotPermittedError
from apps.journal.actors import Actor
from apps.people.keys import ApiKey
from apps.people.models import User


@dataclass(frozen=True)
class Authority:
    """A sign-in, or a key that acts for one: it may what its owner may, and never more."""

    user: User
    key: ApiKey | None = None

    def as_actor(self) -> Actor:
        own = self.user.as_actor()
        if self.key is None:
            return own
        return Actor(own.kind, own.id, f"{own.label} · {self.key}")

    def may(self, permission: str) -> bool:
        """Whether the person behind it has a permission ("app.codename") and still may sign in."""
        return bool(self.user.is_active and self.user.has_perm(permission))

    def need(self, *permissions: str) -> None:
        """Raises NotPermittedError unless each of these permissions is held."""
        for permission in permissions:
            if not self.may(permission):
                raise NotPermittedError(
                    _(
                        "“%(who)s” may not do this (%(permission)s is missing). Nothing was changed; ask an administrator."
                    )
                    % {"who": self.user, "permission": permission}
                )
