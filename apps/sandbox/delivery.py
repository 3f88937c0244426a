"""The thread that POSTs webhooks to the product: signed, in order per chat, again and again until it says 200."""

import http.client
import logging
import threading
import time
import urllib.parse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from apps.sandbox import models
from apps.sandbox.batching import Owed, body_of, lanes, posts
from apps.sandbox.events import bus
from apps.sandbox.payloads import sign
from apps.sandbox.rates import retry_delay
from apps.sandbox.trouble import board
from apps.sandbox.writing import writing

log = logging.getLogger(__name__)

# Meta: retried for up to seven days, then dropped.
GIVE_UP_AFTER = 7 * 24 * 3600.0
TIMEOUT = 10.0
WORKERS = 8
ROUND = 2000
"""Rows that one round looks at."""

_local = threading.local()


@dataclass
class Tried:
    """How one POST ended: "" is a 200."""

    post: Sequence[Owed]
    error: str


def start() -> threading.Thread:
    thread = threading.Thread(target=_run, name="webhooks", daemon=True)
    thread.start()
    return thread


def _run() -> None:
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="webhook")
    seen = -1
    while not bus.stopping:
        try:
            worked = _round(pool)
        except Exception:
            # The queue is on disk: whatever went wrong, the next round finds the same rows.
            log.exception("A round of webhook deliveries failed; trying again.")
            worked = False
            time.sleep(1)
        if not worked:
            seen = bus.wait(seen, _idle_seconds())
            # News come by the hundred a second; a tick between looks is often enough.
            time.sleep(0.01)
    pool.shutdown(wait=False, cancel_futures=True)


def _idle_seconds() -> float:
    """Until the next one is due, at most a second."""
    if board.current.hold_webhooks:
        return 0.5
    queued = models.Webhook.objects.filter(state=models.Webhook.State.QUEUED)
    next_at = queued.order_by("next_at").values_list("next_at", flat=True).first()
    return 1.0 if next_at is None else min(1.0, max(0.0, next_at - time.time()))


def _due() -> list[Owed]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, order_key, body, signing, attempts, created_at, is_entry FROM sandbox_webhook"
            " WHERE state = 'queued' AND next_at <= %s ORDER BY id LIMIT %s",
            [time.time(), ROUND],
        )
        return [Owed(*row) for row in cursor.fetchall()]


def _round(pool: ThreadPoolExecutor) -> bool:
    trouble = board.current
    if trouble.hold_webhooks:
        return False
    due = _due()
    if not due:
        return False
    accounts = models.Account.objects.in_bulk({one.account_id for one in due})
    # As few POSTs as hold them all, as many side by side as there are hands.
    count = min(WORKERS, -(-len(due) // trouble.batch))
    jobs = [pool.submit(_deliver_in_order, posts(lane, trouble.batch), accounts) for lane in lanes(due, count)]
    _note([tried for job in jobs for tried in job.result()])
    return True


def _deliver_in_order(cut: Sequence[Sequence[Owed]], accounts: dict[int, models.Account]) -> list[Tried]:
    """Try each once, in order; returns those that were tried. Touches no database."""
    tried = []
    for one in cut:
        trouble = board.current
        if bus.stopping or trouble.hold_webhooks:
            break
        account = accounts.get(one[0].account_id)
        if account is None:
            tried.append(Tried(one, "The account is gone."))
            continue
        raw = body_of(one, trouble.batch_shape, trouble.seed)
        tried.append(Tried(one, post(account.webhook_url, raw, _headers(account, one[0].signing, raw))))
    return tried


def _note(tried: Sequence[Tried]) -> None:
    """One transaction for the round: a kill before it means some are sent twice, as Meta does; none is lost."""
    now = time.time()
    # A delivered body is of no more use, and a long drill would fill the disk with them.
    delivered = [(one.pk,) for attempt in tried if not attempt.error for one in attempt.post]
    failed = [
        (attempt.error[:300], "dropped" if now - one.created_at > GIVE_UP_AFTER else "queued",
         now + retry_delay(one.attempts + 1), one.pk)
        for attempt in tried if attempt.error for one in attempt.post
    ]  # fmt: skip
    with writing(), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE sandbox_webhook SET state = 'delivered', attempts = attempts + 1, last_error = '', body = x''"
            " WHERE id = %s",
            delivered,
        )
        cursor.executemany(
            "UPDATE sandbox_webhook SET attempts = attempts + 1, last_error = %s, state = %s, next_at = %s WHERE id = %s",
            failed,
        )


def _headers(account: models.Account, signing: str, raw: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
    if signing == "right":
        headers["X-Hub-Signature-256"] = sign(account.app_secret, raw)
    elif signing == "wrong":
        headers["X-Hub-Signature-256"] = sign(account.app_secret + "-wrong", raw)
    return headers


def post(url: str, raw: bytes, headers: dict[str, str]) -> str:
    """POST over a kept connection of this thread; returns "" for 200, else what went wrong."""
    try:
        return _try_post(url, raw, headers)
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        # A kept connection that the other side closed says nothing about the product: once more on a new one.
        try:
            return _try_post(url, raw, headers)
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def _try_post(url: str, raw: bytes, headers: dict[str, str]) -> str:
    parts = urllib.parse.urlsplit(url)
    connection = _connection(parts.scheme, parts.netloc)
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), raw, headers)
        response = connection.getresponse()
        response.read()
    except BaseException:
        _connections().pop((parts.scheme, parts.netloc), None)
        connection.close()
        raise
    return "" if response.status == 200 else f"HTTP {response.status}"


def _connections() -> dict[tuple[str, str], http.client.HTTPConnection]:
    if not hasattr(_local, "connections"):
        _local.connections = {}
    kept: dict[tuple[str, str], http.client.HTTPConnection] = _local.connections
    return kept


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    kept = _connections()
    if (scheme, netloc) not in kept:
        maker = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        kept[scheme, netloc] = maker(netloc, timeout=TIMEOUT)
    return kept[scheme, netloc]


def handshake(url: str, verify_token: str, challenge: str) -> str:
    """Meta's check of a webhook address: GET with hub.*; returns "" when the challenge came back, else what did."""
    query = urllib.parse.urlencode(
        {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    )
    parts = urllib.parse.urlsplit(url)
    maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = maker(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("GET", f"{parts.path}?{f'{parts.query}&' if parts.query else ''}{query}")
        response = connection.getresponse()
        answer = response.read(4096).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    if response.status != 200:
        return f"The address answered HTTP {response.status} instead of 200."
    return "" if answer == challenge else f"The address answered {answer[:80]!r} instead of the challenge."
