"""The thread that POSTs webhooks to the product: signed, in order per chat, again and again until it says 200."""

import http.client
import logging
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apps.sandbox import models
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
BATCH = 100

_local = threading.local()


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
    pool.shutdown(wait=False, cancel_futures=True)


def _queued() -> Any:
    return models.Webhook.objects.filter(state=models.Webhook.State.QUEUED)


def _idle_seconds() -> float:
    """Until the next one is due, at most a second."""
    if board.current.hold_webhooks:
        return 0.5
    next_at = _queued().order_by("next_at").values_list("next_at", flat=True).first()
    return 1.0 if next_at is None else min(1.0, max(0.02, next_at - time.time()))


def _round(pool: ThreadPoolExecutor) -> bool:
    if board.current.hold_webhooks:
        return False
    due = list(_queued().filter(next_at__lte=time.time()).select_related("account").order_by("id")[:BATCH])
    by_key: dict[str, list[models.Webhook]] = {}
    for row in due:
        by_key.setdefault(row.order_key, []).append(row)
    jobs = [pool.submit(_deliver_in_order, rows) for rows in by_key.values()]
    tried = [row for job in jobs for row in job.result()]
    # One transaction for the round: a kill before it means some are sent twice, as Meta does; none is lost.
    with writing():
        models.Webhook.objects.bulk_update(tried, ["attempts", "last_error", "state", "next_at"])
    return bool(tried)


def _deliver_in_order(rows: list[models.Webhook]) -> list[models.Webhook]:
    """Try each once, in order; returns those that were tried. Touches no database."""
    tried = []
    for row in rows:
        if bus.stopping or board.current.hold_webhooks:
            break
        _deliver(row)
        tried.append(row)
    return tried


def _deliver(row: models.Webhook) -> None:
    error = post(row.account.webhook_url, bytes(row.body), _headers(row))
    row.attempts += 1
    row.last_error = error[:300]
    if not error:
        row.state = models.Webhook.State.DELIVERED
    elif time.time() - row.created_at > GIVE_UP_AFTER:
        row.state = models.Webhook.State.DROPPED
    else:
        row.next_at = time.time() + retry_delay(row.attempts)


def _headers(row: models.Webhook) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
    if row.signing == "right":
        headers["X-Hub-Signature-256"] = sign(row.account.app_secret, bytes(row.body))
    elif row.signing == "wrong":
        headers["X-Hub-Signature-256"] = sign(row.account.app_secret + "-wrong", bytes(row.body))
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
