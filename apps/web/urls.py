from django.urls import path

from apps.web import views

app_name = "web"
urlpatterns = [
    path("<str:token>/", views.page, name="page"),
    path("<str:token>/files/<int:pk>/", views.attachment, name="file"),
    path("<str:token>/files/<int:pk>/small/", views.thumbnail, name="thumbnail"),
]
