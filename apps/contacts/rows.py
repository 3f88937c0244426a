"""Whose addresses one may see, and what hangs on them."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.contacts import queries
from apps.contacts.models import Consent, Enrolment, Identity, InvitationBatch, Preference
from apps.core.scope import declare
from apps.people import queries as people


def _of_seen(user: Any) -> Q:
    return Q() if people.sees_everybody(user) else Q(contact__in=queries.visible_to(user))


def _consents(user: Any) -> QuerySet[Consent]:
    return Consent.objects.filter(_of_seen(user))


def _preferences(user: Any) -> QuerySet[Preference]:
    return Preference.objects.filter(_of_seen(user))


def _identities(user: Any) -> QuerySet[Identity]:
    return Identity.objects.filter(_of_seen(user))


def _enrolments(user: Any) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(pk__in=people.visible_employees(user).values("pk"))


def _batches(user: Any) -> QuerySet[InvitationBatch]:
    return people.own_or_all(InvitationBatch.objects.all(), user)


declare("contacts.contact", words=_("of the employees one may see; strangers only for whoever sees everybody"),
        rows=queries.visible_to)  # fmt: skip
declare("contacts.consent", words=_("of the contacts one may see"), rows=_consents)
declare("contacts.preference", words=_("of the contacts one may see"), rows=_preferences)
declare("contacts.identity", words=_("of the contacts one may see"), rows=_identities)
declare("contacts.invitation", words=_("of the employees one may see"), rows=queries.visible_invitations)
declare("contacts.claim", words=_("of the invitations one may see"), rows=queries.visible_claims)
declare("contacts.enrolment", words=_("of the employees one may see"), rows=_enrolments)
declare("contacts.invitationbatch", words=_("all for whoever sees every employee; else one’s own"), rows=_batches)
declare("contacts.consentwording", words=_("all"))
