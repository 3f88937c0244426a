"""Years of use in a minute: rows of every table that grows, copied from one row of each, in the database itself."""

from typing import Any

import psycopg
from psycopg import sql

# Columns that must differ from row to row, as SQL over g (1 to count). In braces: the first copied id of a table, and for
# contacts and conversations how many there are to spread over. People are a tenth of the messages.
PEOPLE: dict[str, dict[str, str]] = {
    "people_employee": {"number": "'old:' || g", "phone": "'+5521' || lpad(g::text, 9, '0')"},
    "contacts_contact": {"employee_id": "{people_employee} + g - 1", "phone": "'+5521' || lpad(g::text, 9, '0')"},
    "contacts_consent": {"contact_id": "{contacts_contact} + g - 1"},
    "contacts_window": {"contact_id": "{contacts_contact} + g - 1"},
    "conversations_conversation": {"contact_id": "{contacts_contact} + g - 1"},
}
TRAFFIC: dict[str, dict[str, str]] = {
    "outbox_outboundmessage": {"key": "'old:' || g", "remote_id": "'wamid.OLD' || g", "subject_id": "(g % 100000)::text",
                               "contact_id": "{contacts_contact} + g % {people}"},
    "outbox_attempt": {"message_id": "{outbox_outboundmessage} + g - 1", "remote_id": "'wamid.OLD' || g"},
    "outbox_button": {"message_id": "{outbox_outboundmessage} + g - 1", "nonce": "md5(g::text)",
                      "contact_id": "{contacts_contact} + g % {people}"},
    "inbox_receipt": {"key": "'old:' || md5(g::text)"},
    "inbox_inboundevent": {"key": "'old:' || g", "receipt_id": "{inbox_receipt} + g - 1", "person": "(g % 100000)::text"},
    "conversations_message": {"remote_id": "'wamid.IN' || g",
                              "conversation_id": "{conversations_conversation} + g % {people}"},
    "journal_entry": {"subject_id": "(g % 100000)::text", "correlation_id": "'old:' || g"},
    "journal_seal": {"position": "{journal_seal} + g - 1", "entry_id": "{journal_entry} + g - 1"},
}  # fmt: skip


def fill(connection: "psycopg.Connection[Any]", count: int) -> None:
    """Copy the newest row of each growing table `count` times (people: a tenth). Triggers stay on."""
    known = {"people": count // 10}
    for tables, many in ((PEOPLE, count // 10), (TRAFFIC, count)):
        for table, overrides in tables.items():
            key = "position" if table == "journal_seal" else "id"
            known[table] = _one(connection, f"SELECT coalesce(max({key}), 0) + 1 FROM {{}}", table)[0]  # noqa: S608 - our own names
            values = {name: value.format(**known) for name, value in overrides.items()}
            copy(connection, table, many, {"id": f"{known[table]} + g - 1", **values}, key=key)
            if key == "id":
                connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, known[table] + many])
    connection.execute("VACUUM ANALYZE")


def _one(connection: "psycopg.Connection[Any]", query: str, table: str) -> tuple[Any, ...]:
    found = connection.execute(sql.SQL(query).format(sql.Identifier(table))).fetchone()  # type: ignore[arg-type]
    if found is None or found[0] is None:
        raise LookupError(f"There is no row in {table} to copy.")
    return tuple(found)


def copy(
    connection: "psycopg.Connection[Any]", table: str, count: int, values: dict[str, str], *, where: str = "true",
    key: str = "id",
) -> None:  # fmt: skip
    """Copy the newest row that fits `where`; `values` are SQL over g by column. Raises LookupError when none fits."""
    columns = [row[0] for row in connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", [table]
    )]  # fmt: skip
    picked = [sql.SQL(values[name]) if name in values else sql.Identifier("one", name) for name in columns]  # type: ignore[arg-type]
    # OVERRIDING: the ids are ours, so that rows of one table can name rows of another without a join.
    query = sql.SQL(
        "INSERT INTO {target} ({names}) OVERRIDING SYSTEM VALUE SELECT {picked} FROM "
        "(SELECT * FROM {target} WHERE {where} ORDER BY {key} DESC LIMIT 1) one, generate_series(1, {count}) g"
    ).format(
        target=sql.Identifier(table), names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        picked=sql.SQL(", ").join(picked), where=sql.SQL(where), key=sql.Identifier(key), count=sql.Literal(count),  # type: ignore[arg-type]
    )  # fmt: skip
    if connection.execute(query).rowcount != count:
        raise LookupError(f"There is no row in {table} to copy where {where}.")
