"""What an identity provider's own checker finds wrong with our SCIM: nothing."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tests.api.callers import token_for

PHONES = ["+5511912345678", "+351912345678", "+34612345678"]


def wire(origin: str) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """The checker calls a WSGI application; this one is a wire to a real server."""

    def carry(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        headers.pop("HOST", None)
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        answer = requests.request(
            environ["REQUEST_METHOD"], f"{origin}{environ['PATH_INFO']}{query}", headers=headers,
            data=environ["wsgi.input"].read(), timeout=30,
        )  # fmt: skip
        start(f"{answer.status_code} {answer.reason}", list(answer.headers.items()))
        return [answer.content]

    return carry


@pytest.mark.django_db(transaction=True)
def test_the_checker_finds_no_error(live_server: Any, transactional_db: None) -> None:
    token = token_for(None, "scim")
    client = WSGISCIMClient(
        wire(live_server.url), base_url=f"{live_server.url}/scim/v2", headers={"Authorization": f"Bearer {token}"}
    )
    client.discover()
    for model in client.provider.models:
        # A checker cannot know that a phone number is not any ten digits.
        for field in ("phone_numbers",):
            if field in model.model_fields:
                _sub_model(model, field).model_fields["value"].examples = PHONES
    results = check_server(client)
    wrong = [
        f"{one.resource_type} {one.title}: {one.reason}"
        for one in results
        if one.status not in (Status.SUCCESS, Status.SKIPPED)
    ]
    assert wrong == []
    assert sum(one.status == Status.SUCCESS for one in results) > 50


def _sub_model(model: Any, field: str) -> Any:
    return model.get_field_root_type(field)
