"""The states of a contact, an invitation and a claim. Pure."""

from apps.core.machine import Machine, Move

ACTIVE, SUSPENDED, UNLINKED = "active", "suspended", "unlinked"

CONTACT = Machine(
    link=Move.of({ACTIVE, SUSPENDED, UNLINKED}, ACTIVE, "contact.linked"),
    suspend=Move.of({ACTIVE}, SUSPENDED, "contact.suspended"),
    reinstate=Move.of({SUSPENDED}, ACTIVE, "contact.reinstated"),
    unlink=Move.of({ACTIVE, SUSPENDED}, UNLINKED, "contact.unlinked"),
)

OPEN, CLAIMED, USED, REVOKED = "open", "claimed", "used", "revoked"

INVITATION = Machine(
    claim=Move.of({OPEN}, CLAIMED, "invitation.claimed"),
    use=Move.of({OPEN, CLAIMED}, USED, "invitation.used"),
    revoke=Move.of({OPEN, CLAIMED}, REVOKED, "invitation.revoked"),
)

CLAIM = Machine(
    confirm=Move.of({"waiting"}, "confirmed", "claim.confirmed"),
    refuse=Move.of({"waiting"}, "refused", "claim.refused"),
    overtake=Move.of({"waiting"}, "overtaken", "claim.overtaken"),
)

BATCH = Machine(
    finish=Move.of({"running"}, "done", "invitationbatch.finished"),
    cancel=Move.of({"running"}, "cancelled", "invitationbatch.cancelled"),
)
