"""Meta's Cloud API: https://developers.facebook.com/documentation/business-messaging/whatsapp/"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from apps.core.errors import LostAnswerError, Misconfigured, Refused, TryLater
from apps.core.http import Answer, HttpClient, HttpRequest
from apps.providers.base import Credentials, FetchedMedia, Reaction, SendFailed, WhatsAppProvider
from apps.providers.meta_cloud import media, notices, payloads, webhooks
from apps.providers.meta_cloud.codes import Verdict, verdict_for, verdict_without_body
from apps.providers.meta_cloud.reading import answered, clean, part, word
from apps.providers.meta_cloud.reading import rows as rows_of
from apps.providers.meta_cloud.setup import MetaSetup
from apps.providers.setup import AccountNews, CarrierSetup
from apps.providers.types import (
    AccountChanged,
    NumberReport,
    OutgoingMessage,
    Parsed,
    RawRequest,
    RemoteTemplate,
    SendResult,
    TemplateDraft,
    Unreadable,
)
from apps.providers.wording import placeholders

MEDIA_LARGEST = 100 * 1024 * 1024  # bytes (Meta, media)
MEDIA_HOSTS = (".fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")
TEMPLATES_PER_PAGE = 100
PAGES_MOST = 100  # a WABA has at most 6,000 templates
TEMPLATE_FIELDS = (
    "id,name,language,status,category,correct_category,quality_score,components,parameter_format,rejected_reason"
)
DETAIL_LONGEST = 1000  # characters


class MetaCloud(WhatsAppProvider):
    kind = "meta_cloud"
    label = "Meta Cloud API"
    template_codes = frozenset({"132000", "132001", "132012", "132015", "132016"})
    kept_headers = frozenset({webhooks.SIGNATURE})
    sends = payloads.SENDS
    media_limits = media.LIMITS
    keeps_uploads = media.KEPT
    marks_read = True

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self._http = HttpClient()

    # --- in -----------------------------------------------------------------------------------------------------------

    def handshake(self, request: RawRequest) -> str | None:
        return webhooks.handshake(request, self.credentials.verify_token)

    def verify(self, request: RawRequest) -> None:
        webhooks.verify(request, self.credentials.secrets)

    def dedup_key(self, request: RawRequest) -> str:
        return webhooks.dedup_key(request)

    def parse(self, body: bytes) -> list[Parsed | Unreadable]:
        return webhooks.parse(body)

    # --- out ----------------------------------------------------------------------------------------------------------

    def prepare(self, message: OutgoingMessage) -> HttpRequest:
        url = f"{self.credentials.base_url}/{quote(message.number_id, safe='')}/messages"
        body = json.dumps(payloads.to_meta(message)).encode()
        return HttpRequest("POST", url, {**self._headers(), "Content-Type": "application/json"}, body)

    def conclude(self, answer: Answer | TryLater | LostAnswerError) -> SendResult:
        if isinstance(answer, TryLater):
            raise SendFailed("WhatsApp could not be reached; the message is sent again shortly.", reaction=Reaction.RETRY,
                             code=answer.code, detail=self._scrubbed(answer.detail)) from answer  # fmt: skip
        if isinstance(answer, LostAnswerError):
            raise self._failed(verdict_without_body(0), "no_answer", answer.detail) from answer
        data = answered(answer)
        sent = data.get("messages") if answer.status < 300 and isinstance(data, dict) else None
        first = sent[0] if isinstance(sent, list) and sent else None
        if not word(first, "id"):
            raise self._failure_of(answer)
        contacts = data.get("contacts")
        contact = contacts[0] if isinstance(contacts, list) and contacts else {}
        return SendResult(
            word(first, "id"), word(contact, "wa_id"), word(contact, "user_id"), word(first, "message_status")
        )

    def send(self, message: OutgoingMessage) -> SendResult:
        return self.conclude(self._http.fly(self.prepare(message)))

    def failure(self, code: str, detail: str = "") -> SendFailed:
        number = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else -1
        return self._failed(verdict_for(number), code, detail)

    def report(self, number_id: str) -> NumberReport:
        fields = "display_phone_number,verified_name,quality_rating"
        data = self._call("GET", quote(number_id, safe=""), params={"fields": fields})
        return NumberReport(
            remote_id=word(data, "id") or number_id, phone=word(data, "display_phone_number"),
            name=word(data, "verified_name"), quality=word(data, "quality_rating"),
        )  # fmt: skip

    # --- media --------------------------------------------------------------------------------------------------------

    def fetch_media(self, remote_id: str, sha256: str = "") -> FetchedMedia:
        # The address lives 5 minutes; a 404 from it means: ask for a new one (Meta, media). A damaged file is asked for
        # once more too.
        for _attempt in range(2):
            about = self._call("GET", quote(remote_id, safe=""), is_fetch=True)
            answer = self._download(about)
            is_intact = all(_is_intact(answer.body, digest) for digest in (sha256, word(about, "sha256")))
            if answer.status != 404 and (is_intact or answer.status != 200):
                break
        if answer.status == 404:
            raise Refused("The file is no longer at WhatsApp.", code="media_gone")
        if answer.status != 200:
            raise self._error_of(answer, is_fetch=True)
        mime_type = word(about, "mime_type") or answer.headers.get("content-type", "")
        return FetchedMedia(answer.body, mime_type, is_intact)

    def _download(self, about: Mapping[str, Any]) -> Answer:
        size = about.get("file_size")
        if str(size).isdigit() and int(str(size)) > MEDIA_LARGEST:
            raise Refused("The file is larger than 100 MB.", code="media_too_large")
        url = word(about, "url")
        # The address wants our token, so it must be Meta's own (or the sandbox that we talk to anyway).
        if not self._may_see_token(url):
            raise Refused("WhatsApp named a strange address for the file.", code="media_address", detail=url[:200])
        try:
            return self._http.request("GET", url, headers=self._headers())
        except LostAnswerError as error:
            raise TryLater("The file did not arrive whole.", code="media_broken", detail=error.detail) from error

    def _may_see_token(self, url: str) -> bool:
        try:
            address, own = urlsplit(url), urlsplit(self.credentials.base_url)
            if (address.scheme, address.hostname, address.port) == (own.scheme, own.hostname, own.port):
                return True
        except ValueError:
            return False
        return address.scheme == "https" and (address.hostname or "").endswith(MEDIA_HOSTS)

    def upload_media(self, number_id: str, content: bytes, mime_type: str, filename: str) -> str:
        media.check(content, mime_type)
        data = self._call(
            "POST", f"{quote(number_id, safe='')}/media",
            data={"messaging_product": "whatsapp", "type": mime_type}, files={"file": (filename, content, mime_type)},
        )  # fmt: skip
        if not word(data, "id"):
            raise TryLater("WhatsApp took the file but did not name it.", code="media_no_id")
        return word(data, "id")

    def mark_read(self, number_id: str, remote_id: str, *, is_typing: bool = False) -> None:
        body = payloads.read_mark(remote_id, is_typing=is_typing)
        self._call("POST", f"{quote(number_id, safe='')}/messages", json=body)

    # --- templates ----------------------------------------------------------------------------------------------------

    def template_pages(self, before_call: Callable[[], object] = lambda: None) -> Iterator[list[RemoteTemplate]]:
        after = ""
        for _page in range(PAGES_MOST):
            params = {
                "fields": TEMPLATE_FIELDS,
                "limit": str(TEMPLATES_PER_PAGE),
                **({"after": after} if after else {}),
            }
            before_call()
            data = self._call("GET", f"{self._waba()}/message_templates", params=params)
            rows = data.get("data")
            rows = rows if isinstance(rows, list) else []
            yield [one for one in map(payloads.template_from_meta, rows) if one is not None]
            paging = part(data, "paging")
            before, after = after, word(part(paging, "cursors"), "after")
            # Some gateways leave out `next`, so a full page asks on too.
            if not rows or not after or after == before or ("next" not in paging and len(rows) < TEMPLATES_PER_PAGE):
                break

    def fetch_template(self, remote_id: str, name: str) -> RemoteTemplate | None:
        try:
            answer = self._request("GET", quote(remote_id, safe=""), params={"fields": TEMPLATE_FIELDS})
        except LostAnswerError as error:
            raise TryLater("WhatsApp gave no answer.", code="no_answer", detail=self._scrubbed(error.detail)) from error
        found = payloads.template_from_meta(answered(answer)) if answer.status < 300 else None
        if found is not None:
            return found
        if not _is_gone(answer):
            raise self._error_of(answer, is_fetch=False)
        # Meta says the same of a template that our token may not see: only a list that we do get proves that it is gone.
        data = self._call("GET", f"{self._waba()}/message_templates", params={"fields": TEMPLATE_FIELDS, "name": name})
        rows = map(payloads.template_from_meta, rows_of(data, "data"))
        return next((one for one in rows if one is not None and one.remote_id == remote_id), None)

    def create_template(self, draft: TemplateDraft) -> RemoteTemplate:
        data = self._call("POST", f"{self._waba()}/message_templates", json=payloads.draft_to_meta(draft))
        return _in_review(draft, word(data, "id"), word(data, "status"), word(data, "category"))

    def edit_template(self, remote_id: str, draft: TemplateDraft) -> RemoteTemplate:
        # The answer is only {"success": true}; Meta takes the whole list of components, and the category until approved.
        body = payloads.draft_to_meta(draft)
        wanted = {"components": body["components"], **({"category": draft.category} if draft.category else {})}
        self._call("POST", quote(remote_id, safe=""), json=wanted)
        return _in_review(draft, remote_id)

    def _waba(self) -> str:
        if not self.credentials.remote_id:
            raise Misconfigured("The account has no WhatsApp business account id (WABA). Enter it.", code="no_waba")
        return quote(self.credentials.remote_id, safe="")

    # --- setting up ---------------------------------------------------------------------------------------------------

    def setup(self) -> CarrierSetup:
        return MetaSetup(self.credentials, self._request, lambda answer: self._error_of(answer, is_fetch=False))

    def news(self, event: AccountChanged) -> AccountNews:
        return notices.news_of(event)

    # --- the wire -----------------------------------------------------------------------------------------------------

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials.access_token}"}

    def _request(self, method: str, path: str, **options: Any) -> Answer:
        return self._http.request(method, f"{self.credentials.base_url}/{path}", headers=self._headers(), **options)

    def _call(self, method: str, path: str, *, is_fetch: bool = False, **options: Any) -> Mapping[str, Any]:
        """Anything but a send: the JSON object, or TryLater, Refused, Misconfigured."""
        try:
            answer = self._request(method, path, **options)
        except LostAnswerError as error:
            raise TryLater("WhatsApp gave no answer.", code="no_answer", detail=self._scrubbed(error.detail)) from error
        data = answered(answer)
        if answer.status >= 300 or not isinstance(data, dict) or "error" in data:
            raise self._error_of(answer, is_fetch=is_fetch)
        return data

    def _failure_of(self, answer: Answer) -> SendFailed:
        data = answered(answer)
        error = part(data, "error")
        if not isinstance(error.get("code"), int):
            page = clean(answer.body[:200].decode("utf-8", "replace"))
            return self._failed(_patient(verdict_without_body(answer.status), answer), f"http_{answer.status}", page)
        code, subcode = error["code"], error.get("error_subcode")
        verdict = verdict_for(
            code, subcode=subcode if isinstance(subcode, int) else 0, status=answer.status,
            is_transient=error.get("is_transient") is True,
        )  # fmt: skip
        words = [word(error, "message"), word(part(error, "error_data"), "details"), word(error, "error_user_msg")]
        trace = word(error, "fbtrace_id")
        verdict = _patient(verdict, answer)
        return self._failed(verdict, str(code), " | ".join(filter(None, [*words, trace and f"fbtrace_id {trace}"])))

    def _error_of(self, answer: Answer, *, is_fetch: bool) -> TryLater | Refused | Misconfigured:
        failed = self._failure_of(answer)
        # An object that is gone is answered like a wrong number id: 404, or code 100 with subcode 33.
        is_missing = is_fetch and (failed.code in {"100", "http_404"})
        if is_missing or failed.reaction in {Reaction.MESSAGE, Reaction.RECIPIENT, Reaction.WINDOW_CLOSED}:
            sentence = "The file is no longer at WhatsApp." if is_missing else str(failed)
            return Refused(sentence, code=failed.code, detail=failed.detail)
        if failed.reaction == Reaction.ACCOUNT:
            return Misconfigured(str(failed), code=failed.code, detail=failed.detail)
        return TryLater(str(failed), after=failed.after, code=failed.code, detail=failed.detail)

    def _failed(self, verdict: Verdict, code: str, detail: str) -> SendFailed:
        return SendFailed(
            verdict.sentence, reaction=verdict.reaction, code=code, detail=self._scrubbed(detail), after=verdict.after
        )

    def _scrubbed(self, text: str) -> str:
        """Meta repeats a malformed token in its error; it must reach no log and no row."""
        token = self.credentials.access_token
        return (text.replace(token, "[token]") if token else text)[:DETAIL_LONGEST]


def _is_gone(answer: Answer) -> bool:
    """Meta knows no such object. Code 100 alone says only that something in the question was wrong."""
    error = part(answered(answer), "error")
    is_unknown = error.get("error_subcode") == 33 or "does not exist" in word(error, "message")
    return answer.status in {400, 404} and error.get("code") == 100 and is_unknown


def _patient(verdict: Verdict, answer: Answer) -> Verdict:
    """As long as `Retry-After` (seconds) asks for, at least; a date in it is not worth the trouble: no source shows one."""
    asked = str(answer.headers.get("retry-after", "")).strip()
    if not (asked.isascii() and asked.isdigit() and len(asked) < 7):
        return verdict
    return replace(verdict, after=max(verdict.after or 0.0, float(asked)))


def _in_review(draft: TemplateDraft, remote_id: str, state: str = "", category: str = "") -> RemoteTemplate:
    return RemoteTemplate(
        remote_id=remote_id, name=draft.name, language=draft.language, category=category or draft.category,
        state=state or "PENDING", body=draft.body, parameters=tuple(placeholders(draft.body)), buttons=draft.buttons,
        header=draft.header, footer=draft.footer,
    )  # fmt: skip


def _is_intact(content: bytes, sha256: str) -> bool:
    """True unless the carrier's digest (hex, or base64 as in webhooks) names another content."""
    ours = hashlib.sha256(content)
    if len(sha256) == 64:
        return ours.hexdigest() == sha256.lower()
    try:
        theirs = base64.b64decode(sha256, validate=True)
    except (binascii.Error, ValueError):
        return True
    return len(theirs) != 32 or theirs == ours.digest()
