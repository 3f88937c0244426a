"""/scim/v2/. SCIM's addresses have no slash at their end; one that is sent does no harm."""

from django.urls import re_path

from apps.api.scim import views

app_name = "scim"
urlpatterns = [
    re_path(r"^ServiceProviderConfig/?$", views.ServiceProviderConfig.as_view(), name="config"),
    re_path(r"^ResourceTypes(?:/(?P<name>[^/]+))?/?$", views.ResourceTypes.as_view(), name="resource-types"),
    re_path(r"^Schemas(?:/(?P<name>[^/]+))?/?$", views.Schemas.as_view(), name="schemas"),
    re_path(r"^Users/?$", views.Users.as_view(), name="users"),
    re_path(r"^Users/(?P<name>[ug]\d+)/?$", views.User.as_view(), name="user"),
    re_path(r"^Groups/?$", views.Groups.as_view(), name="groups"),
    re_path(r"^Groups/(?P<name>[ug]\d+)/?$", views.Group.as_view(), name="group"),
    re_path(r"^(?:(?:Users|Groups)/)?\.search/?$", views.Unsupported.as_view(), name="search"),
    re_path(r"^(?:Bulk|Me)/?$", views.Unsupported.as_view(), name="unsupported"),
    re_path(r"^$", views.Nowhere.as_view(), name="root"),
    re_path(r"^", views.Nowhere.as_view(), name="nowhere"),
]
