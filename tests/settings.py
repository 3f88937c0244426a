"""The product's settings on a test's environment: the database and broker come from DATABASE_URL and REDIS_URL when set."""

import os
import tempfile

from tests.workers import redis_of

if worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
    # Its own folder and its own Valkey (or database of Redis), not those of the process that started it.
    if url := os.environ.get("REDIS_URL", ""):
        os.environ["REDIS_URL"] = redis_of(worker, url)
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="recado-tests-")
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="recado-tests-"))
os.environ.setdefault("SECRET_KEY", "a key for tests only, long enough to please the system check, and then some")
os.environ.setdefault("ENCRYPTION_KEYS", "dGVzdHMtb25seS0tdGVzdHMtb25seS0tdGVzdHMtb28=")
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
os.environ.setdefault("SANDBOX", "1")

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SECOND_FACTOR_ROLES = []  # force_login signs in with no factor; tests/people/test_signin_*.py set their own
