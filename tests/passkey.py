"""A passkey made of software: what a phone or a small key does when a page asks it."""

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

UP, UV, AT = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV, AuthenticatorData.FLAG.AT


class Passkey:
    def __init__(self, origin: str = "http://localhost") -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = b"credential-of-sixteen-bytes"
        self.handle = ""
        self.counter = 0

    def create(self, options: dict[str, Any]) -> str:
        """Answer of navigator.credentials.create, as JSON."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        data = AttestedCredentialData.create(bytes(16), self.id, ES256.from_cryptography_key(self.key.public_key()))
        auth = AuthenticatorData.create(self._rp(asked["rp"]["id"]), UP | UV | AT, 0, data)
        client = self._client_data("webauthn.create", asked["challenge"])
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(auth)})
        return self._credential({"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(made)},
                                {"credProps": {"rk": True}})  # fmt: skip

    def get(self, options: dict[str, Any], *, is_verified: bool = True) -> str:
        """Answer of navigator.credentials.get, as JSON; without `is_verified` nobody gave a finger or a PIN."""
        asked = options["publicKey"]
        self.counter += 1
        auth = bytes(AuthenticatorData.create(self._rp(asked["rpId"]), UP | UV if is_verified else UP, self.counter))
        client = self._client_data("webauthn.get", asked["challenge"])
        signed = self.key.sign(auth + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential({"clientDataJSON": websafe_encode(client), "authenticatorData": websafe_encode(auth),
                                 "signature": websafe_encode(signed), "userHandle": self.handle}, {})  # fmt: skip

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _credential(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        return json.dumps({"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key",
                           "response": response, "clientExtensionResults": extensions})  # fmt: skip

    @staticmethod
    def _rp(rp_id: str) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest()
