"""Programs with keys, for tests."""

import json
from typing import Any

from django.test import Client

from apps.people import issuing
from apps.people.models import User
from tests.factories import make_user

EVERY = ("people:read", "people:write", "teams:read", "teams:write", "cost_centres:read", "cost_centres:write",
         "calendars:read", "calendars:write")  # fmt: skip


def token_for(owner: User | None = None, *scopes: str, **values: Any) -> str:
    """A fresh key of `owner` (None: somebody of HR), with every scope of REST unless some are named."""
    boss = make_user(is_superuser=True)
    _key, token = issuing.create_key(
        name="A program", owner=owner or make_user(roles=["HR"]), scopes=scopes or EVERY, by=boss, **values
    )
    return token


class Program:
    """Sends JSON with a key."""

    def __init__(self, token: str | None = None, base: str = "/api/v1", kind: str = "application/json") -> None:
        self.client = Client(raise_request_exception=False)
        self.token, self.base, self.kind = token, base, kind

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        wired = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        if self.token is not None:
            wired["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        path = path.removeprefix("http://testserver")
        address = path if path.startswith("/") else f"{self.base}/{path}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, address, raw, content_type=self.kind, **wired)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)
