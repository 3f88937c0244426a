"""What approvals does when something about people commits: questions move to whoever can answer them."""

from apps.approvals import queries, services
from apps.contacts.models import Contact
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.people.models import Employee


@on("absence.started")
def pass_on_to_the_deputy(entry: Entry) -> None:
    """The first morning of an absence, or one recorded while it runs."""
    absent = Employee.objects.filter(pk=entry.after.get("employee")).first()
    if absent is not None:
        services.reseat(employee=absent)


@on("employee.left")
def pass_on_what_a_leaver_held(entry: Entry) -> None:
    left = Employee.objects.filter(pk=entry.subject_id).first()
    if left is not None and not left.is_active:
        services.reseat(employee=left)


@on("contact.linked")
def ask_again_on_the_new_phone(entry: Entry) -> None:
    """What was asked on another phone, or of somebody who had none, is asked where they can tap. A question that this
    address has already stays as it is."""
    contact = Contact.objects.select_related("employee").filter(pk=entry.subject_id, state="active").first()
    if contact is None or contact.employee is None or not contact.employee.is_active:
        return
    if not queries.is_asked_at(contact):
        services.ask_again(employee=contact.employee)


@on(
    "employee.changed", "employee.manager_changed", "employee.returned", "absence.changed", "absence.removed",
    "deputy.added", "deputy.changed", "membership.added", "membership.changed",
)  # fmt: skip
def look_again_at_stuck_requests(entry: Entry) -> None:
    """Somebody set a manager, a deputy or a lead: a request that nobody could decide may go on."""
    services.retry_stuck()
