"""One statement for many, on both databases; PostgreSQL's own way past Django's cursor; connections that die."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections

from apps.inbox import doorkeeper, services, storing
from apps.inbox.models import Receipt
from apps.inbox.sharing import SharedCommit
from apps.inbox.storing import Delivery, Told
from apps.providers.models import Number
from apps.providers.types import RawRequest
from tests.factories import make_number
from tests.inbox.callers import called

is_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")


def deliveries(number: Number, *keys: str, seal: str | None = None) -> list[Delivery]:
    caller = doorkeeper.read(number.account.kind, number.account.hook_key)
    assert caller is not None
    sealed = caller.seal if seal is None else seal
    return [Delivery(caller.account_id, caller.hook_key, sealed, key, b"\x00\xff{}", "a=1", "{}") for key in keys]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 16])
def test_many_are_stored_and_known_ones_counted(count: int) -> None:
    number = make_number()
    account_id, keys = number.account_id, [f"k{n}" for n in range(count)]
    assert storing.insert(deliveries(number, *keys)) == {(account_id, key): 1 for key in keys}
    assert storing.insert(deliveries(number, "k0", "fresh")) == {(account_id, "k0"): 2, (account_id, "fresh"): 1}
    assert Receipt.objects.count() == count + 1


@pytest.mark.django_db(transaction=True)
def test_it_writes_what_the_model_would_write() -> None:
    number = make_number()
    storing.insert(deliveries(number, "ours"))
    Receipt.objects.create(account=number.account, key="theirs", body=b"\x00\xff{}", query="a=1", headers={})
    ours, theirs = (Receipt.objects.filter(key=key).values().get() for key in ("ours", "theirs"))
    for row in (ours, theirs):
        row["body"] = bytes(row["body"])
    differing = {name for name in ours if ours[name] != theirs[name]}
    assert differing == {"id", "key", "received_at"}
    assert abs((ours["received_at"] - theirs["received_at"]).total_seconds()) < 5


@pytest.mark.django_db(transaction=True)
def test_a_changed_account_stores_nothing_and_spoils_nothing() -> None:
    number, other = make_number(), make_number()
    mixed = deliveries(number, "stale", seal="another") + deliveries(other, "fine")
    assert storing.insert(mixed) == {(other.account_id, "fine"): 1}


@is_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("harm", ["DEALLOCATE ALL", "SELECT pg_terminate_backend(pg_backend_pid())"])
def test_a_connection_that_forgot_or_died_is_mended(harm: str) -> None:
    number = make_number()
    storing.insert(deliveries(number, "before"))
    connection.connection.pgconn.exec_(harm.encode())
    waiting = Delivery(*doorkeeper_values(number), "after", b"", "", "{}")
    assert storing.insert([waiting]) == {(number.account_id, "after"): 1}


@is_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_restarted_database_is_found_again_by_whoever_only_reads_at_the_door() -> None:
    """A thread that answers handshakes and unknown senders alone has nothing else that would open its connection anew."""
    number = make_number()
    account, query = number.account, "hub.mode=subscribe&hub.challenge=42&hub.verify_token="

    def ask() -> int:
        address = f"/hooks/{account.kind}/{account.hook_key}/"
        return called("GET", address, query=query + account.verify_token).status_code

    assert ask() == 200
    connection.connection.pgconn.exec_(b"SELECT pg_terminate_backend(pg_backend_pid())")
    assert [ask() for _time in range(2)] == [503, 200]


def doorkeeper_values(number: Number) -> tuple[int, str, str]:
    caller = doorkeeper.remembered(number.account.kind, number.account.hook_key)
    assert caller is not None
    return caller.account_id, caller.hook_key, caller.seal


@is_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_pooler_that_forgets_statements_can_be_told(settings: object) -> None:
    settings.DATABASE_PREPARED = False  # type: ignore[attr-defined]
    number = make_number()
    storing.insert(deliveries(number, "a"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'recado%'")
        assert cursor.fetchone() == (0,)


@is_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_storm_of_the_same_and_of_others_is_counted_rightly() -> None:
    number = make_number()
    caller = doorkeeper.read(number.account.kind, number.account.hook_key)
    assert caller is not None

    def knock(n: int) -> bool:
        try:
            body = b"same" if n % 3 == 0 else b"%d" % n
            return services.accept(caller=caller, request=RawRequest("POST", "", {}, {}, body))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(knock, range(120)))
    assert Receipt.objects.count() == 81
    assert Receipt.objects.get(body=b"same").times_received == 40


@is_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_same_deliveries_in_any_order_never_wait_for_each_other() -> None:
    number = make_number()
    known = deliveries(number, *(f"k{n}" for n in range(16)))

    def again(n: int) -> int:
        try:
            return max(storing.insert(known if n % 2 else known[::-1]).values())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(again, range(80))) == 80


# --- company ------------------------------------------------------------------------------------------------------------


class Database:
    """Stands still until it is let go; remembers what came together."""

    def __init__(self, harm: Callable[[list[str]], None] = lambda keys: None) -> None:
        self.harm, self.calls, self.go = harm, [], threading.Event()  # type: ignore[var-annotated]
        self.is_under_way = threading.Event()

    def insert(self, company: object) -> Told:
        keys = [one.key for one in company]  # type: ignore[attr-defined]
        self.calls.append(keys)
        self.is_under_way.set()
        assert self.go.wait(10)
        self.harm(keys)
        return {(1, key): 1 for key in keys}


def store_all(database: Database, *keys: str) -> list[int | str]:
    """The first goes alone; all others wait until they are let go together."""
    shared = SharedCommit(database.insert, abreast=1)

    def store(key: str) -> int | str:
        try:
            return shared.store(Delivery(1, "", "", key, b"", "", "{}"))
        except Exception as error:
            return str(error)

    with ThreadPoolExecutor(len(keys)) as pool:
        first = pool.submit(store, keys[0])
        assert database.is_under_way.wait(10)
        rest = [pool.submit(store, key) for key in keys[1:]]
        while len(shared._queue) < len(rest):
            threading.Event().wait(0.001)
        database.go.set()
        return [one.result(10) for one in (first, *rest)]


def test_who_waits_goes_together() -> None:
    database = Database()
    assert store_all(database, *"abcd") == [1, 1, 1, 1]
    assert sorted(map(sorted, database.calls)) == [["a"], ["b", "c", "d"]]


def test_the_same_key_never_goes_twice_in_one_statement() -> None:
    database = Database()
    assert store_all(database, *"abbb") == [1, 1, 1, 1]
    assert database.calls == [["a"], ["b"], ["b"], ["b"]]


def test_a_large_company_is_divided() -> None:
    database = Database()
    assert store_all(database, "first", *(f"k{n}" for n in range(40))) == [1] * 41
    assert [len(call) for call in database.calls] == [1, 16, 16, 8]


def test_one_that_cannot_be_stored_spoils_no_other() -> None:
    def harm(keys: list[str]) -> None:
        if "bad" in keys:
            raise ValueError("bad")

    database = Database(harm)
    assert store_all(database, "a", "b", "bad", "c") == [1, 1, "bad", 1]


def test_without_a_database_everybody_is_told_at_once() -> None:
    def harm(keys: list[str]) -> None:
        raise OperationalError("away")

    database = Database(harm)
    assert store_all(database, *"abcd") == ["away"] * 4
    assert len(database.calls) == 2
