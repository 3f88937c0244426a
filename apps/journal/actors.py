"""Who did it, in words that outlive the person's row: no foreign key."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Actor:
    """`kind` is user, employee, contact, system or provider; `id` its key there; `label` what people read."""

    kind: str
    id: str
    label: str

    def as_actor(self) -> "Actor":
        return self


@runtime_checkable
class HasActor(Protocol):
    """Users, employees and contacts know how they are written into the journal."""

    def as_actor(self) -> Actor: ...


SYSTEM = Actor("system", "", "Recado")
