"""A small OpenID Connect provider on this machine: discovery, keys, tokens, userinfo. Its answers can be bent."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT_ID, SECRET = "recado", "a client secret of sixteen or more characters"


class Provider:
    """`claims` go into the id_token, `userinfo` into the other half; `bent` replaces whole answers by path."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "subject-1", "email": "ana@aurora.example", "email_verified": True}
        self.bent: dict[str, tuple[int, str]] = {}
        self.key: Any = KEY
        self.algorithm = "RS256"
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self._codes: dict[str, dict[str, str]] = {}

    def authorize(self, location: str) -> dict[str, str]:
        """What the person does at the provider: from the address we were sent to, to the parameters of the way back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = f"code-{len(self._codes) + 1}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, str]:
        self.asked.append(path)
        if path in self.bent:
            return self.bent[path]
        made: dict[str, Any]
        if path.endswith("/openid-configuration"):
            made = {"issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize", "jwks_uri": self.issuer + "/keys",
                    "token_endpoint": self.issuer + "/token", "userinfo_endpoint": self.issuer + "/userinfo",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"]}  # fmt: skip
        elif path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            made = {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}
        elif path == "/token":
            return self._token(form)
        else:
            made = self.userinfo
        return 200, json.dumps(made)

    def _token(self, form: dict[str, list[str]]) -> tuple[int, str]:
        self.forms.append(form)
        asked = self._codes.pop(form.get("code", [""])[0], None)
        verifier = form.get("code_verifier", [""])[0]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if asked is None or asked.get("code_challenge") != challenge or form.get("client_secret") != [SECRET]:
            return 400, json.dumps({"error": "invalid_grant"})
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "subject-1", "nonce": asked["nonce"], "iat": int(time.time()),
                  "exp": int(time.time()) + 300, **self.claims}  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": "k1"})
        return 200, json.dumps({"access_token": "an access token", "token_type": "Bearer", "id_token": token})


@contextmanager
def running() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._say(parse_qs(body))

        def _say(self, form: dict[str, list[str]]) -> None:
            status, text = provider.answer(urlsplit(self.path).path, form)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
