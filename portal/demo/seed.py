"""Plants the demo company once, through services where a service writes.

Later starts bring only what this run needs: the addresses of its ports, the pretend carrier, an absence that runs today.
Whatever a person changed, took away or ended in the demo since stays so.
"""

import secrets
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import reverse

from apps.approvals.models import Flow, Stage
from apps.calendars import services as calendars
from apps.calendars.models import WorkCalendar, WorkHours
from apps.contacts import queries as contact_queries
from apps.contacts import services as contacts
from apps.contacts.models import Consent
from apps.conversations.models import MenuItem
from apps.core import clock, encryption
from apps.forms.models import Field, Form
from apps.incidents.models import Category
from apps.journal import services as journal
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.people import services as people
from apps.people.models import Absence, Employee, Membership, Team, User
from apps.people.signin import factors
from apps.providers import services as providers
from apps.providers.kinds import Klass
from apps.providers.models import Account, Number, Portfolio
from portal.demo import company
from portal.demo.sandbox import Sandbox

COMPANY, CONTACTS = "demo", "demo-contacts"
AGREED_TO = (Klass.WORK, Klass.REMINDER, Klass.ANNOUNCEMENT)


def seed(*, base_url: str, sandbox_url: str) -> dict[str, Any]:
    """Make the company, its pretend phones and its WhatsApp account; returns the notes for `var/demo.json`.

    Raises SandboxError when the sandbox does not answer: everything else is kept, and running it again goes on.
    """
    account = plant(sandbox_url)
    tell_sandbox(Sandbox(sandbox_url), account, base_url)
    providers.seed_approvals(account=account)
    plant_contacts()
    return notes(account, base_url, sandbox_url)


@transaction.atomic
def plant(sandbox_url: str) -> Account:
    """Everything that needs no sandbox, whole or not at all."""
    with journal.correlation(COMPANY):
        if not was_planted(COMPANY):
            plant_company()
        renew_absence()
        return plant_account(sandbox_url)


def was_planted(part: str) -> bool:
    """By the journal, which nobody can empty: rows may have been renamed or removed since."""
    return Entry.objects.filter(correlation_id=part).exists()


def plant_company() -> None:
    employees = plant_people()
    plant_calendars(employees)
    plant_logins(employees)
    forms = {key: plant_form(key, values) for key, values in company.FORMS.items()}
    plant_incidents(forms["problem"])
    plant_approvals(forms[company.FLOW["form"]])
    plant_menu()


def plant_people() -> dict[str, Employee]:
    teams = {name: Team.objects.get_or_create(name=name)[0] for name in company.TEAMS}
    for name, parent in company.TEAMS.items():
        if parent:
            teams[name].parent = teams[parent]
            teams[name].save(update_fields=["parent"])
    employees: dict[str, Employee] = {}
    for person in company.PEOPLE:
        language, time_zone = person.place
        employees[person.number] = people.hire(
            number=person.number, name=person.name, phone=person.phone, email=person.email, position=person.position,
            language=language, time_zone=time_zone, manager=employees.get(person.manager), by=SYSTEM,
        )  # fmt: skip
        for name in person.teams:
            Membership.objects.get_or_create(
                employee=employees[person.number], team=teams[name], defaults={"is_lead": person.leads}
            )
    plant_absence(employees[company.ABSENT], employees[company.DEPUTY])
    return employees


def plant_absence(absent: Employee, deputy: Employee) -> None:
    today = clock.now().date()
    people.record_absence(
        employee=absent, deputy=deputy, starts_on=today - timedelta(days=2), ends_on=today + timedelta(days=60),
        reason="vacation", by=SYSTEM,
    )  # fmt: skip


def renew_absence() -> None:
    """Another one when the clock was wound past the last; none when it was removed, or when somebody of the two has left."""
    working = Employee.objects.filter(state=Employee.State.ACTIVE)
    absent = working.filter(number=company.ABSENT).first()
    deputy = working.filter(number=company.DEPUTY).first()
    mine = Absence.objects.filter(employee=absent)
    tomorrow = clock.now().date() + timedelta(days=1)
    if absent and deputy and mine.exists() and not mine.filter(ends_on__gte=tomorrow).exists():
        plant_absence(absent, deputy)


def plant_calendars(employees: dict[str, Employee]) -> None:
    """A default that holds nobody's message at any hour, and the baker's: Monday to Saturday, early, with quiet hours."""
    everybody, is_new = WorkCalendar.objects.get_or_create(name=company.ALWAYS_OPEN)
    if is_new and not WorkCalendar.objects.filter(is_default=True).exists():
        calendars.make_default(calendar=everybody, by=SYSTEM)
    bakery, is_new = WorkCalendar.objects.get_or_create(name=company.BAKERY["name"], defaults=company.BAKERY)
    if is_new:
        for weekday in range(6):
            for starts, ends in company.BAKERY_HOURS:
                WorkHours.objects.create(calendar=bakery, weekday=weekday, starts=starts, ends=ends)
        calendars.bring_in_holidays(calendar=bakery)
        employees[company.BAKER].calendar = bakery
        employees[company.BAKER].save(update_fields=["calendar"])


def plant_logins(employees: dict[str, Employee]) -> None:
    for login in company.LOGINS:
        first, _space, last = login.name.partition(" ")
        user, is_new = User.objects.get_or_create(
            username=login.username,
            defaults={"first_name": first, "last_name": last, "is_staff": True, "is_superuser": login.is_superuser},
        )
        if is_new:
            user.set_password(login.password)
            user.save(update_fields=["password"])
            user.groups.set(Group.objects.filter(name__in=login.roles))
        if factors.needs_factor(user) and not factors.has_factor(user):
            TOTP.activate(user, login.secret)
        if login.employee and employees[login.employee].user_id is None:
            employees[login.employee].user = user
            employees[login.employee].save(update_fields=["user"])


def plant_form(key: str, values: dict[str, Any]) -> Form:
    form, is_new = Form.objects.get_or_create(key=key, defaults={"name": values["name"]})
    if is_new:
        for order, field in enumerate(values["fields"], start=1):
            Field.objects.create(form=form, order=order * 10, **field)
    return form


def plant_incidents(form: Form) -> None:
    for order, (team, name) in enumerate(company.CATEGORIES, start=1):
        if not Category.objects.filter(name__en=name["en"]).exists():
            Category.objects.create(name=name, team=Team.objects.get(name=team), form=form, order=order * 10)


def plant_approvals(form: Form) -> None:
    values = {**company.FLOW, "form": form}
    flow, is_new = Flow.objects.get_or_create(key=values.pop("key"), defaults=values)
    if is_new:
        for order, stage in enumerate(company.STAGES, start=1):
            team = Team.objects.get(name=stage["team"]) if "team" in stage else None
            Stage.objects.create(flow=flow, order=order * 10, **{**stage, "team": team})


def plant_menu() -> None:
    for order, row in enumerate(company.MENU, start=1):
        MenuItem.objects.get_or_create(
            target=row["target"], argument=row["argument"],
            defaults={"order": order * 10, "label": row["label"], "description": row["description"]},
        )  # fmt: skip


def plant_account(sandbox_url: str) -> Account:
    """The account at the pretend carrier; its secrets are made here, once."""
    account = Account.objects.filter(remote_id=company.WABA).order_by("pk").first()
    if account is None:
        account = Account.objects.create(
            name="WhatsApp (sandbox)", remote_id=company.WABA, access_token=secrets.token_urlsafe(32),
            app_secret=secrets.token_hex(16), verify_token=secrets.token_urlsafe(16),
            portfolio=Portfolio.objects.get_or_create(name=company.COMPANY, defaults={"remote_id": company.PORTFOLIO})[0],
        )  # fmt: skip
    address = f"{sandbox_url}/graph/v23.0"
    if account.base_url != address:
        account.base_url = address
        account.save(update_fields=["base_url"])
    Number.objects.get_or_create(
        remote_id=company.NUMBER_ID,
        defaults={
            "account": account, "phone": company.NUMBER, "label": company.COMPANY,
            "is_default": not Number.objects.filter(is_default=True).exists(),
        },
    )  # fmt: skip
    return account


def tell_sandbox(sandbox: Sandbox, account: Account, base_url: str) -> None:
    """The pretend carrier learns the account, and every person gets a pretend phone."""
    sandbox.put_account(
        account.remote_id, name=company.COMPANY, token=account.access_token, app_secret=account.app_secret,
        verify_token=account.verify_token, portfolio_id=company.PORTFOLIO, auto_approve=True,
        webhook_url=base_url + reverse("hook", args=[account.kind, account.hook_key]),
        numbers=[{
            "phone_number_id": company.NUMBER_ID, "display_phone_number": company.NUMBER,
            "verified_name": company.COMPANY,
        }],
    )  # fmt: skip
    for person in company.PEOPLE:
        country = {"pt-br": "BR", "en": "US", "es": "ES"}[person.place[0]]
        sandbox.put_phone(person.phone, name=person.name, language=person.place[0], country=country)


@transaction.atomic
def plant_contacts() -> None:
    """Everybody was invited and said yes, as if it had happened on paper on their first day."""
    if was_planted(CONTACTS):
        return
    employees = {one.number: one for one in Employee.objects.exclude(state=Employee.State.LEFT)}
    with journal.correlation(CONTACTS):
        for person in company.PEOPLE:
            if person.number in employees:  # not, when they left between a start that failed and this one
                plant_contact(employees[person.number], person)


def plant_contact(employee: Employee, person: company.Person) -> None:
    contact = contact_queries.contact_of(employee) or contacts.invite(employee=employee, by=SYSTEM)
    for klass in AGREED_TO:
        if not Consent.objects.filter(contact=contact, klass=klass).exists():
            contacts.give_consent(
                contact=contact, klass=klass, wording=company.CONSENT[person.place[0]], source="paper",
                proof=f"demo form {person.number}", by=SYSTEM,
            )  # fmt: skip


def notes(account: Account, base_url: str, sandbox_url: str) -> dict[str, Any]:
    """Addresses, logins and people, for `var/demo.json`."""
    apps = Authenticator.objects.filter(type="totp").select_related("user")
    secret_of = {one.user.username: encryption.decrypt(one.data["secret"]) for one in apps}
    return {
        "base_url": base_url,
        "sandbox_url": sandbox_url,
        "number_id": company.NUMBER_ID,
        "waba_id": account.remote_id,
        "logins": [
            {
                "username": login.username,
                "password": login.password,
                "name": login.name,
                "what": login.what,
                # Empty too for whoever took an app of their own since: our codes would be wrong.
                "totp_secret": login.secret if secret_of.get(login.username) == login.secret else "",
            }
            for login in company.LOGINS
        ],
        "codes_url": base_url + reverse("demo_codes"),
        "people": [
            {"number": person.number, "name": person.name, "phone": person.phone, "language": person.place[0]}
            for person in company.PEOPLE
        ],
    }
