"""Who a session belongs to."""

from allauth.account.auth_backends import AuthenticationBackend

from apps.people.models import User


class Backend(AuthenticationBackend):
    """allauth's, which brings the person along with their sign-in: every page asks in which time zone they read it."""

    def get_user(self, user_id: int) -> User | None:
        found = User.objects.select_related("employee").filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
