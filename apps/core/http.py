"""The shared HTTP layer of every adapter: kept-alive connections, timeouts always, typed failures. Plain Python."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from apps.core.errors import LostAnswerError, TryLater

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
LARGEST_ANSWER = 110 * 1024 * 1024  # bytes; Meta's largest media is 100 MB


@dataclass(frozen=True)
class Answer:
    """What came back, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body, or None when it is not JSON (a proxy's HTML page, say)."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class HttpClient:
    """One session per adapter; safe to share between threads for plain requests."""

    def __init__(self, *, pool_size: int = 16) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy variable of the host must not see bearer tokens
        adapter = HTTPAdapter(pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """Send and read the answer whole.

        Raises TryLater when the request certainly never arrived (no connection), LostAnswerError when it left and
        nothing usable came back (time-out, connection cut): the caller cannot know what happened over there.
        """
        options.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        options.setdefault("allow_redirects", False)
        try:
            with self._session.request(method, url, stream=True, **options) as answer:
                body = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
                if len(body) > LARGEST_ANSWER:
                    raise LostAnswerError("The answer is larger than we accept.", detail=url)
                return Answer(answer.status_code, answer.headers, body)
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise TryLater("No connection could be made.", code="no_connection", detail=repr(error)) from error
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise TryLater("No connection could be made.", code="no_connection", detail=repr(error)) from error
            raise LostAnswerError("The connection broke before an answer came.", detail=repr(error)) from error
        except (requests.RequestException, OSError) as error:
            raise LostAnswerError("No answer came.", detail=repr(error)) from error
        except Exception as error:
            # urllib3 raises its own classes while the body is read, outside requests' wrapping.
            if type(error).__module__.startswith("urllib3"):
                raise LostAnswerError("The answer broke off.", detail=repr(error)) from error
            raise


def _never_connected(error: requests.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}
