"""/api/v1/ and its description."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.api import views, views_absences, views_calendars, views_cost_centres, views_people, views_teams

app_name = "api"
urlpatterns = [
    path("v1/people/", views_people.People.as_view(), name="people"),
    path("v1/people/<int:pk>/", views_people.Person.as_view(), name="person"),
    path("v1/people/<int:pk>/leave/", views_people.Leave.as_view(), name="leave"),
    path("v1/people/<int:pk>/return/", views_people.Return.as_view(), name="return"),
    path("v1/people/<int:pk>/manager/", views_people.Manager.as_view(), name="manager"),
    path("v1/people/<int:pk>/absences/", views_people.Absences.as_view(), name="absences"),
    path("v1/teams/", views_teams.Teams.as_view(), name="teams"),
    path("v1/teams/<int:pk>/", views_teams.Team.as_view(), name="team"),
    path("v1/teams/<int:pk>/members/", views_teams.Members.as_view(), name="members"),
    path("v1/teams/<int:pk>/members/<int:person>/", views_teams.TeamMember.as_view(), name="member"),
    path("v1/absences/", views_absences.AllAbsences.as_view(), name="all_absences"),
    path("v1/absences/<int:pk>/", views_absences.Absence.as_view(), name="absence"),
    path("v1/cost-centres/", views_cost_centres.CostCentres.as_view(), name="cost_centres"),
    path("v1/cost-centres/<int:pk>/", views_cost_centres.CostCentre.as_view(), name="cost_centre"),
    path("v1/calendars/", views_calendars.Calendars.as_view(), name="calendars"),
    path("v1/calendars/<int:pk>/", views_calendars.Calendar.as_view(), name="calendar"),
    path("v1/calendars/<int:pk>/default/", views_calendars.CalendarDefault.as_view(), name="calendar_default"),
    path("v1/calendars/<int:pk>/hours/", views_calendars.CalendarHours.as_view(), name="calendar_hours"),
    path("v1/calendars/<int:pk>/days/", views_calendars.CalendarDays.as_view(), name="calendar_days"),
    path("v1/calendars/<int:pk>/days/<str:day>/", views_calendars.CalendarDay.as_view(), name="calendar_day"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="api/docs.html"), name="docs"
    ),
    re_path(r"^", views.Nowhere.as_view(), name="nowhere"),
]
