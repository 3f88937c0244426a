"""One company for the tests of approvals: Ana asks, Caio is her manager, Bia may stand in, Fabio leads finance."""

from typing import Any

from apps.approvals import services
from apps.approvals.models import Decision, Flow, Request, StageRun
from apps.forms import services as forms
from apps.journal import reactor, sealer
from apps.outbox.models import Button, OutboundMessage
from apps.people.models import Employee
from tests.factories import expense_form, make_contact, make_employee, make_flow, make_team, the_number

OVER_500 = {"field": "amount", "op": "gt", "value": 500}


class House:
    def __init__(self) -> None:
        the_number()
        self.boss = self.person("Boss", "en")
        self.caio = self.person("Caio", "en", manager=self.boss)
        self.ana = self.person("Ana", "pt-br", manager=self.caio)
        self.bia = self.person("Bia", "es", manager=self.boss)
        self.fabio = self.person("Fabio", "en", manager=self.boss)
        self.finance = make_team("Finance", leads=[self.fabio])

    @staticmethod
    def person(name: str, language: str, **values: Any) -> Employee:
        employee = make_employee(name, language=language, **values)
        make_contact(employee)
        return employee

    def expense_flow(self) -> Flow:
        """Manager, then finance over 500."""
        return make_flow(
            {"approver": "manager", "name": {"en": "Manager", "pt-br": "Gestor"}},
            {"approver": "team_lead", "team": self.finance, "condition": OVER_500,
             "name": {"en": "Finance", "pt-br": "Financeiro"}},
        )  # fmt: skip

    def ask(self, amount: str = "780.00", *, by: Employee | None = None, flow: Flow | None = None) -> Request:
        by = by or self.ana
        version = forms.freeze(form=expense_form())
        submission = forms.submit(version=version, by=by, answers={"what": "Taxi", "amount": amount, "receipt": None})
        return services.submit(flow=flow or self.expense_flow(), submission=submission, by=by)


def stage(request: Request, position: int = 1) -> StageRun:
    return StageRun.objects.get(request=request, position=position)


def decide(request: Request, by: Employee, verdict: str = "approve", *, position: int = 1, **values: Any) -> Decision:
    request.refresh_from_db()
    given = {
        "version_seen": request.version,
        "via": "button",
        "reason": "Too much" if verdict == "reject" else "",
        **values,
    }
    return services.decide(stage_run=stage(request, position), by=by, verdict=verdict, **given)


def seats(request: Request, position: int = 1) -> list[tuple[str, str]]:
    """(who, for whom) of the open seats."""
    rows = stage(request, position).seats.filter(is_open=True).select_related("employee", "deputy_for").order_by("id")
    return [(row.employee.name, row.deputy_for.name if row.deputy_for else "") for row in rows]


def said_to(employee: Employee, *kinds: str) -> list[OutboundMessage]:
    found = OutboundMessage.objects.filter(contact__employee=employee).order_by("id")
    return list(found.filter(kind__in=kinds) if kinds else found)


def kinds_to(employee: Employee) -> list[str]:
    return [message.kind for message in said_to(employee)]


def button(person: Employee, action: str) -> Button:
    """The newest button of that person."""
    return Button.objects.filter(contact__employee=person, target=f"approvals.{action}").latest("id")


def react() -> None:
    """Let reactions run until none of them causes another entry."""
    while sealer.seal_pending():
        reactor.run_all()
