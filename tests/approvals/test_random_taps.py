"""Whatever people tap in whatever order, on whatever flow: one decision per seat, none by whose own matter it is, none after
the end, no approval with fewer voices than the rule wants, and no request that waits for nobody."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.approvals import handing, services
from apps.approvals.models import Decision, Flow, Request, Seat, StageRun
from apps.core.errors import RecadoError
from apps.forms import services as forms
from apps.people import services as people
from apps.people.models import CostCentre, Employee
from tests.approvals.house import OVER_500, House
from tests.factories import expense_form, make_absence, make_flow, make_team, make_user

PEOPLE = ("ana", "bia", "caio", "fabio", "boss")
WHO = st.sampled_from(PEOPLE)
APPROVERS = ("team", "team_lead", "job", "team", "team_lead", "manager", "managers_manager", "person", "cost_centre")
STAGES = st.lists(
    st.fixed_dictionaries({
        "approver": st.sampled_from(APPROVERS),
        "rule": st.sampled_from(("quorum", "any", "all")), "quorum": st.integers(1, 3), "is_beside": st.booleans(),
        "condition": st.sampled_from(({}, {}, OVER_500)),
    }), min_size=1, max_size=3,
)  # fmt: skip
TAPS = st.lists(
    st.tuples(
        st.sampled_from(("yes", "yes", "yes", "yes", "yes", "yes", "no", "approve", "reject", "withdraw", "leave", "away", "again", "hand over", "manager")),
        WHO, st.integers(1, 4), st.sampled_from((0, 0, 0, 1)), WHO,
    ), min_size=3, max_size=20,
)  # fmt: skip


class RandomTaps(TestCase):
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        TAPS,
        WHO,
        st.none() | WHO,
        STAGES,
        st.sampled_from(("780.00", "80.00")),
        st.lists(st.tuples(WHO, WHO), max_size=3),
    )
    def test_promises_hold(self, taps, requester, filer, stages, amount, absences):
        house = House()
        for absent, deputy in absences:
            if absent != deputy:
                make_absence(getattr(house, absent), deputy=getattr(house, deputy))
        request = self.ask(house, getattr(house, requester), filer, self.flow(house, stages), amount)
        self.check(request)
        for what, who, position, age, other in taps:
            self.play(house, request, what, getattr(house, who), position, age, getattr(house, other))
            self.check(request)

    def flow(self, house: House, stages: list[dict[str, Any]]) -> Flow:
        team = make_team(leads=[house.bia, house.fabio, house.ana], members=[house.caio])
        Employee.objects.filter(pk__in=[house.caio.pk, house.bia.pk]).update(position="Controller")
        centre = CostCentre.objects.create(code="1", name="One", owner=house.fabio)
        Employee.objects.exclude(pk=house.boss.pk).update(cost_centre=centre)
        return make_flow(*({**stage, "team": team, "person": house.caio, "job": "controller"} for stage in stages))

    def ask(self, house: House, by: Employee, filer: str | None, flow: Flow, amount: str) -> Request:
        by.refresh_from_db()
        user = None
        if filer is not None and getattr(house, filer) != by:
            clerk = getattr(house, filer)
            user = make_user()
            Employee.objects.filter(pk=clerk.pk).update(user=user)
        answers = {"what": "Taxi", "amount": amount, "receipt": None}
        submission = forms.submit(version=forms.freeze(form=expense_form()), by=by, answers=answers, filed_by=user)
        return services.submit(flow=flow, submission=submission, by=by)

    def play(
        self, house: House, request: Request, what: str, person: Employee, position: int, age: int, other: Employee
    ) -> None:
        request.refresh_from_db()
        run = StageRun.objects.filter(request=request, position=position).first()
        try:
            if what == "withdraw":
                services.withdraw(request=request, by=person)
            elif what == "again":
                services.try_again(request=request, by=make_user())
            elif what == "leave":
                people.mark_left(employee=person, by=make_user())
                services.reseat(employee=person)
            elif what == "away":
                make_absence(person, deputy=other if other != person else None)
                services.reseat(employee=person)
            elif what == "manager":
                Employee.objects.filter(pk=person.pk).update(manager=other if other != person else None)
                services.retry_stuck()
            elif what == "hand over":
                for seat in Seat.objects.filter(stage_run=run, employee=person, is_open=True):
                    handing.hand_over_seat(seat_id=seat.pk, holder=person, to=other, by=make_user())
            elif what in {"yes", "no"}:
                waiting = list(Seat.objects.filter(stage_run__request=request, is_open=True).order_by("pk"))
                seat = waiting[position % len(waiting)] if waiting else None
                if seat is not None:
                    services.decide(stage_run=seat.stage_run, by=seat.employee, version_seen=request.version - age,
                                    verdict="approve" if what == "yes" else "reject", via="button", reason="so")  # fmt: skip
            elif run is not None:
                services.decide(stage_run=run, by=person, verdict=what, version_seen=request.version - age, via="button",
                                reason="so")  # fmt: skip
        except RecadoError:
            pass

    def check(self, request: Request) -> None:
        request.refresh_from_db()
        runs = list(request.stage_runs.order_by("position"))
        decisions = list(Decision.objects.filter(seat__stage_run__request=request).select_related("seat__stage_run"))
        per_person = Counter((row.seat.stage_run_id, row.seat.employee_id) for row in decisions)
        assert all(count == 1 for count in per_person.values())
        assert all(row.seat.employee_id not in request.own_ids for row in decisions)
        self.check_order(runs)
        if request.state in {"approved", "rejected", "withdrawn"}:
            assert not [run for run in runs if run.state in {"open", "waiting"}]
            assert not Seat.objects.filter(stage_run__in=runs, is_open=True).exists()
        if request.state == "approved":
            assert all(run.state in {"approved", "skipped"} for run in runs)
        for run in runs:
            said = [row.verdict for row in decisions if row.seat.stage_run_id == run.pk]
            if run.state == "approved":
                assert said.count("approve") >= (run.wanted if run.rule == "quorum" else 1)
                assert run.rule != "all" or "reject" not in said
            if run.state == "skipped" and request.state == "approved":
                assert run.condition
                assert not said
        if request.state == "open":  # no silent stop: somebody can decide each open stage now
            opened = [run for run in runs if run.state == "open"]
            assert opened
            for run in opened:
                voices = Seat.objects.filter(stage_run=run, is_open=True).count()
                said = [row.verdict for row in decisions if row.seat.stage_run_id == run.pk]
                assert voices
                assert run.rule != "quorum" or voices + said.count("approve") >= run.wanted

    def check_order(self, runs: list[StageRun]) -> None:
        """Steps one after another; only stages of one step are open together."""
        opened = {run.step for run in runs if run.state == "open"}
        assert len(opened) <= 1
        for run in runs:
            if run.state in {"approved", "open"}:
                assert all(other.state in {"approved", "skipped"} for other in runs if other.step < run.step)


pytestmark = pytest.mark.django_db
