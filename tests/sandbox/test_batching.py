"""Which webhooks travel together: pure."""

import json
from typing import Any

from apps.sandbox.batching import Owed, body_of, lanes, posts


def owed(pk: int, *, chat: str = "chat:1", account: int = 1, alone: bool = False, **value: Any) -> Owed:
    value = value or {"statuses": [{"id": str(pk)}], "contacts": [{"user_id": chat}]}
    value = {"metadata": {"phone_number_id": "200"}, **value}
    body = json.dumps({"id": "100", "changes": [{"field": "messages", "value": value}]}).encode()
    return Owed(pk, account, chat, body, "right", 0, 0.0, not alone)


def test_a_chat_stays_in_one_lane_and_in_order() -> None:
    rows = [owed(pk, chat=f"chat:{pk % 7}") for pk in range(100)]
    found = lanes(rows, 4)
    assert sorted(one.pk for lane in found for one in lane) == list(range(100))
    for lane in found:
        assert [one.pk for one in lane] == sorted(one.pk for one in lane)
    homes = {one.order_key: index for index, lane in enumerate(found) for one in lane}
    assert all(homes[one.order_key] == index for index, lane in enumerate(found) for one in lane)


def test_a_post_holds_at_most_so_many_of_one_account_and_odd_ones_travel_alone() -> None:
    rows = [owed(1), owed(2), owed(3), owed(4, alone=True), owed(5), owed(6, account=2), owed(7, account=2)]
    assert [[one.pk for one in post] for post in posts(rows, 2)] == [[1, 2], [3], [4], [5], [6, 7]]


def test_messages_and_statuses_stay_in_changes_of_their_own_in_order() -> None:
    post = [owed(1), owed(2, messages=[{"id": "m"}], contacts=[]), owed(3), owed(4)]
    entries = json.loads(body_of(post, "values", 7))["entry"]
    values = [change["value"] for change in entries[0]["changes"]]
    assert [[one["id"] for one in value.get("statuses", value.get("messages"))] for value in values] == [
        ["1"],
        ["m"],
        ["3", "4"],
    ]
    assert values[2]["contacts"] == [{"user_id": "chat:1"}], "a person is introduced once"


def test_what_is_not_about_messages_is_never_joined() -> None:
    rows = [owed(pk, event="APPROVED") for pk in (1, 2)]
    assert len(json.loads(body_of(rows, "values", 7))["entry"][0]["changes"]) == 2


def test_the_same_seed_lays_a_post_out_the_same_way() -> None:
    bodies = [body_of([owed(pk), owed(pk + 1)], "mixed", 7) for pk in range(40)]
    assert bodies == [body_of([owed(pk), owed(pk + 1)], "mixed", 7) for pk in range(40)]
    shapes = {(len(body["entry"]), len(body["entry"][0]["changes"])) for body in map(json.loads, bodies)}
    assert shapes == {(1, 1), (1, 2), (2, 1)}
