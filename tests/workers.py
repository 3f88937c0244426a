"""What each process of a parallel run (`-n`) has for itself."""

from urllib.parse import urlsplit

DATABASES = 16
"""As many as Redis has, unless it was told otherwise."""


def redis_of(worker: str, url: str) -> str:
    """The address of this worker's own database: "gw0" has the one after that of `url`, "gw1" the next.

    Raises SystemExit, with a sentence for whoever started the run, where `url` names no database or Redis has too few:
    two workers in one database would empty it under each other's hands.
    """
    parts = urlsplit(url)
    first = parts.path.strip("/") or "0"
    if parts.scheme not in {"redis", "rediss"} or not first.isdecimal():
        raise SystemExit(
            f"REDIS_URL must end in the number of a database for `-n`, as in redis://host:6379/9: {parts.path!r}"
        )
    own = int(first) + 1 + int(worker.removeprefix("gw"))
    if own >= DATABASES:
        raise SystemExit(
            f"Worker {worker} needs Redis database {own}, and the last one is {DATABASES - 1}: "
            f"start with fewer workers (`-n`) or a smaller number than {first} in REDIS_URL."
        )
    return parts._replace(path=f"/{own}").geturl()
