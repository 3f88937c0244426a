"""What must answer before this process may take traffic. Each check returns an empty text, or what is wrong."""

from collections.abc import Callable

import redis
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.core import store


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"no answer from the database: {type(error).__name__}"
    return ""


def migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"cannot be read: {type(error).__name__}"
    return f"{len(waiting)} not applied: run manage.py migrate" if waiting else ""


def broker() -> str:
    try:
        with redis.Redis.from_url(store.address(), socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        return f"no answer from Redis: {type(error).__name__}"
    return ""


READY: dict[str, Callable[[], str]] = {"database": database, "migrations": migrations, "broker": broker}
