"""The first steps of a new house. Each is read from rows, so that nobody has to tick anything."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.approvals.models import Flow
from apps.console.addresses import list_of
from apps.console.home.parts import Reader, StrOrPromise
from apps.contacts.models import Contact, Invitation
from apps.conversations.models import MenuItem, Message
from apps.forms.models import Form
from apps.incidents.models import Category
from apps.people.models import Employee
from apps.providers.models import Account

WHOSE = "people.add_employee"


@dataclass(frozen=True)
class FirstStep:
    """`link` is empty for whoever may not do it; then `whom` says who does."""

    title: StrOrPromise
    is_done: bool
    link: str


def first_steps(reader: Reader) -> list[FirstStep]:
    """All of them while the reader wants to see them; none for whoever does not set up the house."""
    if not reader.may(WHOSE) or reader.user.first_steps_closed_at is not None:
        return []
    is_invited = Invitation.objects.exists() or Contact.objects.filter(employee__isnull=False).exists()
    told = (
        (_("Connect a WhatsApp account"), Account.objects.exists(), "providers.add_account",
         reverse("admin:providers_account_add")),
        (_("Import people from a file"), Employee.objects.filter(user=None).exists(), "people.change_employee",
         reverse("admin:people_importjob_upload")),
        (_("Invite them"), is_invited, "contacts.invite_employee", list_of("contacts.enrolment")),
        (_("Make a form"), Form.objects.exists(), "forms.add_form", reverse("admin:forms_form_add")),
        (_("Let people ask for something: an approval flow"), Flow.objects.filter(is_active=True, stages__isnull=False).exists(),
         "approvals.add_flow", list_of("approvals.flow")),
        (_("Let people report problems: a category"), Category.objects.filter(is_active=True).exists(),
         "incidents.add_category", reverse("admin:incidents_category_add")),
        (_("Check the menu that people see"), MenuItem.objects.filter(is_shown=True).exists(), "conversations.add_menuitem",
         list_of("conversations.menuitem")),
        (_("Try it: write “menu” to your number, or from a phone of the sandbox"), Message.objects.exists(),
         "conversations.view_conversation", list_of("conversations.conversation")),
    )  # fmt: skip
    return [FirstStep(title, is_done, link if reader.may(needs) else "") for title, is_done, needs, link in told]
