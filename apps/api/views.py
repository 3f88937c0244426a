"""What is at no route: answered in the API's own words."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from rest_framework.views import APIView

from apps.api.problems import ProblemError


class Nowhere(APIView):
    """404 for every address under /api/ that leads nowhere, told to strangers too: it says nothing about rows."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        asked = self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        said = _("There is nothing at this address. The routes are described at /api/schema/.")
        if not request.path.endswith("/") and self._is_route(request.path + "/"):
            said = _("There is nothing at this address: it must end with a slash.")
        response = self.handle_exception(ProblemError(404, "not_found", said))
        return self.finalize_response(asked, response, *args, **kwargs)

    @staticmethod
    def _is_route(path: str) -> bool:
        try:
            return getattr(resolve(path).func, "view_class", None) is not Nowhere
        except Resolver404:
            return False
