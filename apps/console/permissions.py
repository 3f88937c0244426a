"""What somebody may open at the desk."""

from django.http import HttpRequest


def may_view(request: HttpRequest, model: str) -> bool:
    """Whether the person may open the list of `app.model`."""
    app, name = model.split(".")
    return bool(request.user.has_perm(f"{app}.view_{name}") or request.user.has_perm(f"{app}.change_{name}"))
