from django.urls import path

from apps.inbox import views

urlpatterns = [path("<slug:kind>/<str:hook_key>/", views.receive, name="hook")]
