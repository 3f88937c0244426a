"""Reads about contacts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact

from apps.contacts import consent as rules
from apps.contacts.consent import Question
from apps.contacts.delivery import (
    Asked,
    DeliveryFacts,
    delivery_facts_of,
    given_consents_of,
    last_inbound_of,
    user_ids_of,
)
from apps.contacts.models import (
    Claim,
    ConsentWording,
    Contact,
    Enrolment,
    Identity,
    Invitation,
    Preference,
    Window,
)
from apps.core import clock
from apps.core.together import recall
from apps.journal.models import Entry
from apps.people.models import Employee
from apps.people.phones import variants
from apps.people.queries import VIEW_ALL, visible_employees
from apps.providers.models import Number, Portfolio

__all__ = [
    "Asked", "DeliveryFacts", "by_phone", "by_user_id", "contact_of", "delivery_facts", "delivery_facts_of", "enrolments",
    "given_consents", "given_consents_of", "in_doubt", "is_stopped", "last_inbound_at", "last_inbound_of", "question", "question_of", "text_in_force",
    "user_id_of", "user_ids_of", "visible_claims", "visible_invitations", "visible_to", "waiting_claim",
]  # fmt: skip


M = TypeVar("M", bound=Model)
_OWNERS = Entry.objects.filter(subject_type=Contact._meta.label_lower, name__in=["contact.linked", "contact.unlinked"])
"""What the journal says of who stands behind an address: from then on the employee named after it, or nobody."""


def contact_of(employee: Employee) -> Contact | None:
    """The active contact of somebody who still works here; of several, the one linked last."""
    if not employee.is_active:
        return None
    rows = Contact.objects.select_related("employee").filter(employee=employee, state=Contact.State.ACTIVE)
    return recall(("contact of", employee.pk), rows.order_by("-id").first)


def addresses_of(employee: Employee) -> QuerySet[Contact]:
    """Those behind which this person stands, or stood once."""
    once = _OWNERS.filter(name="contact.linked", after__employee=str(employee.pk))
    return Contact.objects.filter(
        Q(employee=employee) | Q(pk__in=once.values_list(Cast("subject_id", BigIntegerField())))
    )


def of_their_time(rows: QuerySet[M], employee: Employee, *, at: str, contact: str = "contact") -> QuerySet[M]:
    """Those of `rows` that are of an address while it was this person's; `contact` and `at` are their address and moment.

    What came before anybody was known there is of whoever was known first.
    """
    found = rows.filter(**{f"{contact}__in": addresses_of(employee)})
    return _of_owner(found, employee, contact, Q(at__lte=OuterRef(at)))


def entries_of(employee: Employee, names: Iterable[str]) -> QuerySet[Entry]:
    """As `of_their_time`, for entries of the journal about addresses."""
    keys = addresses_of(employee).values_list(Cast("pk", CharField()))
    rows = Entry.objects.filter(subject_type=Contact._meta.label_lower, subject_id__in=keys, name__in=list(names))
    # Its end is the last thing that is told of somebody's time, its beginning the first.
    before = Q(id__lt=OuterRef("pk")) | Q(id=OuterRef("pk"), name="contact.linked")
    return _of_owner(rows, employee, "subject_id", before)


def _of_owner(rows: QuerySet[M], employee: Employee, contact: str, before: Q) -> QuerySet[M]:
    owners = _OWNERS.filter(subject_id=Cast(OuterRef(contact), CharField()))
    named = Coalesce(KT("after__employee"), Value(""), output_field=CharField())
    owner = Coalesce(
        Subquery(owners.filter(before).order_by("-id").values_list(named)[:1]),
        Subquery(owners.order_by("id").values_list(named)[:1]),
        Value(str(employee.pk)),
    )
    return rows.filter(Exact(owner, Value(str(employee.pk))))


def in_doubt(employees: Sequence[Employee]) -> set[int]:
    """Ids of those among them who can do nothing on WhatsApp until their phone is proved again."""
    rows = Contact.objects.filter(employee__in=employees).values_list("employee_id", "state") if employees else ()
    found = [(pk, state) for pk, state in rows if pk is not None]
    active = {pk for pk, state in found if state == Contact.State.ACTIVE}
    return {pk for pk, state in found if state == Contact.State.SUSPENDED} - active


def by_phone(phone: str) -> Contact | None:
    """The contact with this number in any of its spellings; the exact one first."""
    if not phone:
        return None
    found = {row.phone: row for row in Contact.objects.select_related("employee").filter(phone__in=variants(phone))}
    return next((found[spelling] for spelling in variants(phone) if spelling in found), None)


def by_user_id(portfolio: Portfolio, user_id: str) -> Contact | None:
    """The contact behind a business-scoped id, which means something inside its portfolio only."""
    rows = Identity.objects.select_related("contact__employee").filter(portfolio=portfolio, remote_id=user_id)
    identity = rows.first() if user_id else None
    return identity.contact if identity else None


def user_id_of(contact: Contact, number: Number) -> str:
    """The id to send to when the phone is hidden; empty when none is known in the number's portfolio."""
    rows = Identity.objects.filter(contact=contact, portfolio__accounts__numbers=number).order_by("-id")
    return rows.values_list("remote_id", flat=True).first() or ""


def last_inbound_at(contact: Contact, number: Number) -> datetime | None:
    rows = Window.objects.filter(contact=contact, number=number)
    return rows.values_list("last_inbound_at", flat=True).first()


def given_consents(contact: Contact) -> dict[str, bool]:
    """The newest answer by class."""
    return given_consents_of([contact.pk]).get(contact.pk, {})


def is_stopped(contact: Contact) -> bool:
    return Preference.objects.filter(contact=contact, is_stopped=True).exists()


def delivery_facts(contact: Contact, number: Number, klass: str, now: datetime) -> DeliveryFacts:
    """The facts as they stand in the database now, not as they were when `contact` was loaded."""
    return delivery_facts_of([Asked(contact.pk, number.pk, klass)], now)[0]


def visible_to(user: Any) -> QuerySet[Contact]:
    """Everything, strangers too, for those who see everybody; else the contacts of the employees one may see."""
    if user.is_active and user.has_perm(VIEW_ALL):
        return Contact.objects.all()
    return Contact.objects.filter(employee__in=visible_employees(user))


# --- invitations ------------------------------------------------------------------------------------------------------


def waiting_claim(contact: Contact) -> Claim | None:
    """The claim from this address that HR has not decided."""
    return Claim.objects.filter(contact=contact, state=Claim.State.WAITING).first()


def visible_invitations(user: Any) -> QuerySet[Invitation]:
    return Invitation.objects.filter(employee__in=visible_employees(user))


def visible_claims(user: Any) -> QuerySet[Claim]:
    return Claim.objects.filter(invitation__employee__in=visible_employees(user))


def enrolments(user: Any) -> QuerySet[Enrolment]:
    """Active employees that `user` may see; `whatsapp` says linked, suspended, claimed, invited, or none."""
    contacts = Contact.objects.filter(employee=OuterRef("pk"))
    invitations = Invitation.objects.filter(employee=OuterRef("pk"))
    claims = Claim.objects.filter(invitation__employee=OuterRef("pk"), state=Claim.State.WAITING)
    is_open = Q(state=Invitation.State.OPEN, expires_at__gt=clock.now())
    rows = Enrolment.objects.filter(state=Employee.State.ACTIVE, pk__in=visible_employees(user).values("pk"))
    return rows.annotate(
        whatsapp=Case(
            When(Exists(contacts.filter(state=Contact.State.ACTIVE)), then=Value("linked")),
            When(Exists(claims), then=Value("claimed")),
            When(Exists(contacts.filter(state=Contact.State.SUSPENDED)), then=Value("suspended")),
            When(Exists(invitations.filter(is_open)), then=Value("invited")),
            default=Value("none"),
            output_field=CharField(),
        )
    )


# --- consent ----------------------------------------------------------------------------------------------------------


def question(language: str) -> Question:
    """The question that is in force now, in `language` (else English, else any it is written in)."""
    rows = ConsentWording.objects.filter(in_force_from__lte=clock.now()).order_by("-version")
    return _question(recall("consent wording", rows.first), language)


def text_in_force(language: str) -> str:
    """The text that is asked now, as it was written: with `{company}` in it."""
    row = ConsentWording.objects.filter(in_force_from__lte=clock.now()).order_by("-version").first()
    texts = row.texts if row is not None else rules.SHIPPED
    return str(texts.get(language) or texts.get("en", ""))


def question_of(version: int, language: str) -> Question:
    """A version as it was asked; the one in force when it is not known."""
    if version == 0:
        return _question(None, language)
    row = ConsentWording.objects.filter(version=version).first()
    return _question(row, language) if row is not None else question(language)


def _question(row: ConsentWording | None, language: str) -> Question:
    texts = row.texts if row is not None else rules.SHIPPED
    text = str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))
    asked = tuple(klass for klass in rules.ASKED_FOR if row is None or klass in row.klasses)
    return Question(row.version if row is not None else 0, asked, text.replace("{company}", settings.COMPANY_NAME))
