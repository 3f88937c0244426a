"""The states of a contact. Pure."""

from apps.core.machine import Machine, Move

ACTIVE, SUSPENDED, UNLINKED = "active", "suspended", "unlinked"

CONTACT = Machine(
    link=Move.of({ACTIVE, SUSPENDED, UNLINKED}, ACTIVE, "contact.linked"),
    suspend=Move.of({ACTIVE}, SUSPENDED, "contact.suspended"),
    reinstate=Move.of({SUSPENDED}, ACTIVE, "contact.reinstated"),
    unlink=Move.of({ACTIVE, SUSPENDED}, UNLINKED, "contact.unlinked"),
)
