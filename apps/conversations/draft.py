"""Where a dialogue stands and where it goes next. Pure: a schema, answers so far, the present step.

Beside answers by field key a draft holds marks that no key can be: "+photos" collects the files of a field that is not
finished, "!arrived" and "!extra" count the files of an album that nobody has been told about yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.forms.schema import FILE_KINDS, FieldSpec, Schema

CHECK = "!check"
ARRIVED, EXTRA = "!arrived", "!extra"


@dataclass
class Draft:
    """Changed in place by its methods; the caller saves it."""

    schema: Schema
    answers: dict[str, Any] = field(default_factory=dict)
    step: str = ""

    @property
    def present(self) -> FieldSpec | None:
        """The field asked now; None at the final check."""
        return self.schema.field(self.step)

    @property
    def asked(self) -> list[FieldSpec]:
        return self.schema.visible_fields(self.answers)

    # --- steps --------------------------------------------------------------------------------------------------------

    def following(self) -> str | None:
        """The first asked field without an answer, else the check; None: nothing is left and no check is wanted."""
        for spec in self.asked:
            if spec.key not in self.answers:
                return spec.key
        return CHECK if self.schema.needs_check else None

    def previous(self) -> str | None:
        """The asked field before the present one; None at the first."""
        keys = [spec.key for spec in self.asked]
        at = keys.index(self.step) if self.step in keys else len(keys)
        return keys[at - 1] if at > 0 else None

    def put(self, spec: FieldSpec, value: Any) -> None:
        self.answers[spec.key] = value
        self.answers.pop(_pending(spec), None)

    # --- files --------------------------------------------------------------------------------------------------------

    def received(self, spec: FieldSpec) -> list[int]:
        """Files of this field so far, finished or not."""
        return list(self.answers.get(_pending(spec)) or self.answers.get(spec.key) or ())

    def add_files(self, ids: Sequence[int], *, is_picture: bool) -> FieldSpec | None:
        """Put arriving files where they belong; returns the field that took them, None when there was no room.

        The present field first; else the nearest one before it (the tail of an album that was cut off by a hasty
        *Done*), else one still to come. A field of a single file lets the newest replace it while it is asked.
        """
        spec = self._place(len(ids), is_picture=is_picture)
        if spec is None:
            self._count(EXTRA, len(ids))
            return None
        kept = self.received(spec)
        kept = list(ids)[-1:] if spec.max_files == 1 and kept else [*kept, *ids]
        if spec.key == self.step or spec.key not in self.answers:
            self.answers.pop(spec.key, None)
            self.answers[_pending(spec)] = kept
        else:
            self.answers[spec.key] = kept
        self._count(ARRIVED, len(ids))
        return spec

    def finish_files(self, spec: FieldSpec) -> None:
        """*Done*: what was collected is the answer."""
        self.put(spec, self.received(spec) or None)

    def forget_album(self) -> tuple[int, int]:
        """How many files arrived and how many found no room since somebody was last told; then starts anew."""
        return int(self.answers.pop(ARRIVED, 0)), int(self.answers.pop(EXTRA, 0))

    def _count(self, mark: str, more: int) -> None:
        self.answers[mark] = int(self.answers.get(mark, 0)) + more

    def _place(self, count: int, *, is_picture: bool) -> FieldSpec | None:
        fitting = [spec for spec in self.asked if spec.kind == "document" or (spec.kind == "photo" and is_picture)]
        present = self.present
        if present in fitting and present is not None and present.max_files == 1:
            return present
        keys = [spec.key for spec in self.asked]
        at = keys.index(self.step) if self.step in keys else len(keys)
        before = [spec for spec in fitting if keys.index(spec.key) < at]
        after = [spec for spec in fitting if keys.index(spec.key) > at]
        here = [present] if present in fitting and present is not None else []
        for spec in [*here, *reversed(before), *after]:
            if len(self.received(spec)) + count <= spec.max_files:
                return spec
        return None

    # --- places -------------------------------------------------------------------------------------------------------

    def awaiting_place(self) -> FieldSpec | None:
        """A location field that a place sent too early would answer."""
        return next((spec for spec in self.asked if spec.kind == "location" and spec.key not in self.answers), None)


def is_files(spec: FieldSpec | None) -> bool:
    return spec is not None and spec.kind in FILE_KINDS


def _pending(spec: FieldSpec) -> str:
    return f"+{spec.key}"
