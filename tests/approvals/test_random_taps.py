"""Whatever people tap in whatever order: one decision per seat, none by the requester, none after the end."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.approvals import services
from apps.approvals.models import Decision, Request, StageRun
from apps.core.errors import RecadoError
from apps.people import services as people
from tests.approvals.house import House
from tests.factories import make_absence, make_flow, make_team, make_user

PEOPLE = ("ana", "bia", "caio", "fabio", "boss")
TAPS = st.lists(
    st.tuples(
        st.sampled_from(("approve", "reject", "withdraw", "leave", "away", "again")),
        st.sampled_from(PEOPLE), st.integers(1, 2), st.integers(0, 1),
    ), max_size=12,
)  # fmt: skip


class RandomTaps(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        TAPS, st.sampled_from(PEOPLE), st.sampled_from(("any", "all")),
        st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=3),
    )  # fmt: skip
    def test_promises_hold(self, taps, requester, rule, absences):
        house = House()
        for absent, deputy in absences:
            if absent != deputy:
                make_absence(getattr(house, absent), deputy=getattr(house, deputy))
        team = make_team(leads=[house.bia, house.fabio, house.ana])
        flow = make_flow({"approver": "manager"}, {"approver": "team_lead", "team": team, "rule": rule})
        request = house.ask(by=getattr(house, requester), flow=flow)
        for what, who, position, age in taps:
            self.play(house, request, what, who, position, age)
            self.check(request)

    def play(self, house: House, request: Request, what: str, who: str, position: int, age: int) -> None:
        person = getattr(house, who)
        request.refresh_from_db()
        run = StageRun.objects.get(request=request, position=position)
        try:
            if what == "withdraw":
                services.withdraw(request=request, by=person)
            elif what == "again":
                services.try_again(request=request, by=make_user())
            elif what == "leave":
                people.mark_left(employee=person, by=make_user())
                services.reseat(employee=person)
            elif what == "away":
                deputy = house.fabio if age else house.bia
                make_absence(person, deputy=deputy if deputy != person else None)
                services.reseat(employee=person)
            else:
                services.decide(stage_run=run, by=person, verdict=what, version_seen=request.version - age, via="button",
                                reason="so")  # fmt: skip
        except RecadoError:
            pass

    def check(self, request: Request) -> None:
        request.refresh_from_db()
        decisions = list(Decision.objects.filter(seat__stage_run__request=request).select_related("seat__stage_run"))
        per_person = Counter((row.seat.stage_run_id, row.seat.employee_id) for row in decisions)
        assert all(count == 1 for count in per_person.values())
        assert all(row.seat.employee_id != request.requester_id for row in decisions)
        open_stages = StageRun.objects.filter(request=request, state="open")
        assert open_stages.count() <= 1
        if request.state in {"approved", "rejected", "withdrawn"}:
            assert not open_stages.exists()
            assert not request.stage_runs.filter(seats__is_open=True).exists()
        if request.state == "approved":
            for run in request.stage_runs.all():
                verdicts = [row.verdict for row in decisions if row.seat.stage_run_id == run.pk]
                assert run.state == "approved"
                assert "approve" in verdicts
                assert run.rule == "any" or "reject" not in verdicts
        if request.state == "open":  # no silent stop: somebody can decide now
            assert open_stages.get().seats.filter(is_open=True).exists()


pytestmark = pytest.mark.django_db
