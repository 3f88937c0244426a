from datetime import UTC, date, datetime, timedelta

import pytest

from apps.people import queries
from apps.people.models import Membership
from tests.factories import make_absence, make_deputy, make_employee, make_team, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
TODAY = date(2026, 8, 3)


def test_a_manager_sees_reports_teams_led_and_what_lies_below_them_and_nobody_else():
    boss = make_employee("Boss")
    report, member, grandchild, stranger = (make_employee() for _ in range(4))
    report.manager = boss
    report.save()
    led = make_team(leads=[boss], members=[member])
    make_team(parent=make_team(parent=led), members=[grandchild])
    make_team(members=[stranger, boss])
    assert set(queries.visible_employees(make_user(employee=boss))) == {boss, report, member, grandchild}


def test_hr_and_auditors_see_everybody_by_permission():
    make_employee()
    make_employee()
    for role in ("HR", "Auditor", "Operator"):
        assert queries.visible_employees(make_user(roles=[role])).count() == 2
    assert queries.visible_employees(make_user(is_superuser=True)).count() == 2


def test_a_sign_in_without_employee_or_of_a_leaver_sees_nobody():
    gone = make_employee(state="left")
    make_team(leads=[gone], members=[make_employee()])
    assert not queries.visible_employees(make_user())
    assert not queries.visible_employees(make_user(employee=gone))
    locked = make_user(roles=["HR"], is_active=False)
    assert not queries.visible_employees(locked)


def test_membership_counts_only_between_its_days():
    ana = make_employee()
    team = make_team(leads=[ana])
    Membership.objects.update(starts_on=date(2026, 8, 3), ends_on=date(2026, 8, 4))
    counted = [queries.members_of(team, date(2026, 8, day)) == [ana] for day in (2, 3, 4, 5)]
    assert counted == [False, True, True, False]
    assert queries.leads_of(team, date(2026, 8, 5)) == []
    assert queries.leads_of(team) == [ana]


def test_who_was_in_a_team_or_comes_into_it_is_not_in_the_sight_of_its_lead_today(clock):
    clock.stand(NOON)
    boss, gone, coming, here = (make_employee(name) for name in ("Boss", "Gone", "Coming", "Here"))
    make_team(leads=[boss], members=[gone, coming, here])
    Membership.objects.filter(employee=gone).update(ends_on=TODAY - timedelta(days=1))
    Membership.objects.filter(employee=coming).update(starts_on=TODAY + timedelta(days=1))
    Membership.objects.filter(employee=here).update(starts_on=TODAY, ends_on=TODAY)
    assert set(queries.visible_employees(make_user(employee=boss))) == {boss, here}


def test_leavers_are_no_members():
    ana = make_employee(state="left")
    assert queries.members_of(make_team(members=[ana], leads=[ana]), TODAY) == []


def test_an_absence_covers_its_first_and_last_day():
    ana = make_employee()
    absence = make_absence(ana, starts_on=date(2026, 8, 3), ends_on=date(2026, 8, 5))
    covered = [queries.absence_of(ana, date(2026, 8, day)) == absence for day in (2, 3, 5, 6)]
    assert covered == [False, True, True, False]


def test_stand_in_names_who_decides_and_for_whom():
    ana, bia, caio = make_employee("Ana"), make_employee("Bia"), make_employee("Caio")
    assert queries.stand_in(ana, NOON) == (ana, None)
    make_absence(ana, deputy=bia, starts_on=TODAY, ends_on=TODAY)
    assert queries.stand_in(ana, NOON) == (bia, ana)
    make_absence(bia, starts_on=TODAY, ends_on=TODAY)
    make_deputy(bia, caio)
    assert queries.stand_in(ana, NOON) == (caio, ana)
    assert queries.stand_in(ana, NOON, exclude=frozenset({caio.pk})) == (None, ana)


def test_an_absence_begins_with_the_persons_own_day():
    bia = make_employee()
    ana = make_employee(time_zone="Pacific/Auckland", manager=bia)
    make_absence(ana, starts_on=date(2026, 8, 4), ends_on=date(2026, 8, 4))
    assert queries.stand_in(ana, NOON) == (bia, ana)  # noon in UTC is midnight of the 4th in Auckland


def test_a_round_in_the_tree_of_teams_does_no_harm():
    one = make_team()
    two = make_team(parent=one)
    one.parent = two
    one.save()
    assert queries.with_descendants([one.pk]) == {one.pk, two.pk}
