"""What every send asks for, remembered: accounts, numbers, phones, templates and chats, so that a send reads no table.

One process serves all and all writers go through models, so a change of any of them empties the memory after its commit.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from apps.sandbox import models

T = TypeVar("T")
_MOST = 200_000
"""Entries; a campaign to 100,000 people fits."""


class Memory:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[Any, ...], Any] = {}
        self._age = 0

    def forget(self) -> None:
        with self._lock:
            self._known.clear()
            self._age += 1

    def _get(self, key: tuple[Any, ...], read: Callable[[], T | None]) -> T | None:
        """Found things are kept; what was not there is asked for again, since it may come."""
        found: T | None = self._known.get(key)
        if found is None:
            age = self._age
            found = read()
            with self._lock:
                # Read before somebody's change and kept after it, it would stay wrong.
                if found is not None and age == self._age:
                    if len(self._known) >= _MOST:
                        self._known.clear()
                    found = self._known.setdefault(key, found)
        return found

    def account(self, token: str) -> models.Account | None:
        return self._get(("account", token), models.Account.objects.filter(token=token).first)

    def number(self, account: models.Account, phone_number_id: str) -> models.Number | None:
        rows = account.numbers.select_related("account").filter(phone_number_id=phone_number_id)
        return self._get(("number", account.pk, phone_number_id), rows.first)

    def phone(self, *, number: str = "", bsuid: str = "") -> models.Phone | None:
        rows = models.Phone.objects.filter(number=number) if number else models.Phone.objects.filter(bsuid=bsuid)
        return self._get(("phone", number, bsuid), rows.first)

    def template(self, account: models.Account, name: str, language: str) -> models.Template | None:
        rows = models.Template.objects.filter(account=account, name=name, language=language)
        return self._get(("template", account.pk, name, language), rows.first)

    def chat(self, phone: models.Phone, number: models.Number) -> models.Chat | None:
        """One object per chat for everybody: who changes it changes it for all."""

        def read() -> models.Chat | None:
            chat = models.Chat.objects.filter(phone=phone, number=number).first()
            if chat is not None:
                chat.phone, chat.number = phone, number
            return chat

        return self._get(("chat", phone.pk, number.pk), read)


memory = Memory()


def _changed(**_: Any) -> None:
    memory.forget()
    transaction.on_commit(memory.forget)


def listen() -> None:
    """Forget whenever one of these rows changes. Chats change too often: whoever changes one changes the shared object."""
    for model in (models.Account, models.Number, models.Phone, models.Template):
        post_save.connect(_changed, sender=model, weak=False)
        post_delete.connect(_changed, sender=model, weak=False)
