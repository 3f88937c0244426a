"""What goes in and comes out: shapes only. Whether a value is right is decided in `apps.people`."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from apps.api.base import StrictSerializer
from apps.people.models import Employee

BIGGEST = 2**63 - 1


class Id(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=BIGGEST, **options)


# --- out --------------------------------------------------------------------------------------------------------------


class PersonTeam(serializers.Serializer):
    id = serializers.IntegerField(source="team_id")
    name = serializers.CharField(source="team.name")
    is_lead = serializers.BooleanField()


class Person(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField(help_text="As +E.164, or empty.")
    position = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    state = serializers.ChoiceField(choices=Employee.State.choices)
    left_on = serializers.DateField(allow_null=True)
    manager = serializers.IntegerField(source="manager_id", allow_null=True)
    teams = PersonTeam(many=True, source="seen_memberships")
    created_at = serializers.DateTimeField()


class AbsenceOut(serializers.Serializer):
    id = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    deputy = serializers.IntegerField(source="deputy_id", allow_null=True)
    reason = serializers.CharField()


class TeamOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    parent = serializers.IntegerField(source="parent_id", allow_null=True)  # type: ignore[assignment]


class Member(serializers.Serializer):
    person = serializers.IntegerField(source="employee_id")
    number = serializers.CharField(source="employee.number")
    name = serializers.CharField(source="employee.name")
    is_lead = serializers.BooleanField()
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)


def page_of(item: type[serializers.Serializer], name: str) -> type[serializers.Serializer]:
    """The shape of one page of `item`."""
    fields = {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": item(many=True),
    }
    return type(name, (serializers.Serializer,), fields)


PeoplePage = page_of(Person, "PeoplePage")
TeamsPage = page_of(TeamOut, "TeamsPage")
MembersPage = page_of(Member, "MembersPage")
AbsencesPage = page_of(AbsenceOut, "AbsencesPage")


# --- in ---------------------------------------------------------------------------------------------------------------


class PersonChange(StrictSerializer):
    number = serializers.CharField(max_length=40, required=False)
    name = serializers.CharField(max_length=150, required=False)
    email = serializers.CharField(max_length=254, allow_blank=True, required=False)
    phone = serializers.CharField(
        max_length=40, allow_blank=True, required=False, help_text="In any local spelling, best with the country code."
    )
    position = serializers.CharField(max_length=120, allow_blank=True, required=False)
    language = serializers.CharField(
        max_length=10, required=False, help_text=f"One of {', '.join(code for code, _name in settings.LANGUAGES)}."
    )
    time_zone = serializers.CharField(max_length=60, required=False, help_text="Like America/Sao_Paulo.")
    manager = Id(allow_null=True, required=False, help_text="The id of a person you may see.")


class PersonNew(PersonChange):
    number = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=150)


class PeopleFilter(StrictSerializer):
    number = serializers.CharField(max_length=40, required=False, help_text="Exactly this employee number.")
    state = serializers.ChoiceField(choices=Employee.State.choices, required=False)
    team = Id(required=False, help_text="People in this team; not those of teams below it.")
    changed_since = serializers.DateTimeField(
        required=False, help_text="People whose row, absence or team changed at or after this moment (ISO 8601)."
    )
    search = serializers.CharField(max_length=100, required=False, help_text="Part of a name, number or e-mail.")
    limit = serializers.CharField(required=False, help_text="1 to 200 rows; 50 when not given.")
    cursor = serializers.CharField(required=False, help_text="From “next” or “previous” of an answer.")


class PageFilter(StrictSerializer):
    limit = serializers.CharField(required=False, help_text="1 to 200 rows; 50 when not given.")
    cursor = serializers.CharField(required=False, help_text="From “next” or “previous” of an answer.")


class TeamsFilter(PageFilter):
    name = serializers.CharField(max_length=120, required=False, help_text="Exactly this name.")
    parent = Id(required=False, help_text="Teams right below this one.")  # type: ignore[assignment]


class Leaving(StrictSerializer):
    left_on = serializers.DateField(
        required=False,
        help_text="Today when not given. A day still to come is planned: the person works here until it is over.",
    )


class Nothing(StrictSerializer):
    pass


class ManagerIn(StrictSerializer):
    manager = Id(allow_null=True)


class AbsenceIn(StrictSerializer):
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="Both days count.")
    deputy = Id(allow_null=True, required=False)
    reason = serializers.CharField(max_length=80, allow_blank=True, required=False)


class TeamIn(StrictSerializer):
    name = serializers.CharField(max_length=120)
    parent = Id(allow_null=True, required=False)  # type: ignore[assignment]


class TeamChange(TeamIn):
    name = serializers.CharField(max_length=120, required=False)


class MemberIn(StrictSerializer):
    is_lead = serializers.BooleanField(required=False)
