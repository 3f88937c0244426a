from django.urls import path

from apps.console import saved_views, views, who
from apps.console.home import views as home_views

app_name = "console"
urlpatterns = [
    path("files/<int:pk>/", views.file, name="file"),
    path("files/<int:pk>/small/", views.thumbnail, name="thumbnail"),
    path("who-may-do-what/", who.page, name="who"),
    path("views/save/", saved_views.save, name="save_view"),
    path("views/<int:pk>/", saved_views.show, name="view"),
    path("views/<int:pk>/rename/", saved_views.rename, name="rename_view"),
    path("views/<int:pk>/delete/", saved_views.delete, name="delete_view"),
    path("first-steps/close/", home_views.close_first_steps, name="close_first_steps"),
]
