"""The only writers of versions and submissions."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError
from apps.files import queries as files
from apps.forms import parse, policy, queries
from apps.forms.models import Form, FormVersion, Submission
from apps.forms.schema import FILE_KINDS, Schema
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record
from apps.people import queries as people
from apps.people.models import Employee, User


@transaction.atomic
def freeze(*, form: Form, by: HasActor = SYSTEM) -> FormVersion:
    """The form as it stands, as a version that never changes; the same questions give the same version.

    Raises InvalidInputError when the form cannot be asked; `fields` names what to mend.
    """
    row = Form.objects.select_for_update().get(pk=form.pk)
    schema = queries.schema_of_form(row)
    wrong = policy.problems(schema)
    if wrong:
        raise InvalidInputError(
            _("The form “%(form)s” cannot be used yet: %(why)s") % {"form": row.key, "why": wrong[0].sentence},
            fields={problem.field: problem.sentence for problem in wrong},
        )
    values = schema.to_json()
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    version = FormVersion.objects.filter(form=row, digest=digest).order_by("number").first()
    if version is None:
        last = FormVersion.objects.filter(form=row).aggregate(last=Max("number"))["last"] or 0
        version = FormVersion.objects.create(form=row, number=last + 1, digest=digest, schema=values)
        record("form.frozen", subject=version, by=by, after={"form": row.key, "number": version.number})
    return version


@transaction.atomic
def submit(
    *, version: FormVersion, by: Employee, answers: Mapping[str, Any], filed_by: User | None = None
) -> Submission:
    """Keep one set of answers (canonical shapes, see `schema`), all of them checked again. `filed_by` filled it in for `by`.

    Raises InvalidInputError in the active language; `fields` names each wrong field with its sentence.
    """
    schema = Schema.from_json(version.schema)
    kept = parse.check_all(schema, answers, today=people.today(by))
    missing = {field.key: _("A file of this answer is gone. Please send it again.")
               for field in schema if field.kind in FILE_KINDS and _has_lost_file(kept.get(field.key))}  # fmt: skip
    if missing:
        raise InvalidInputError(_("Some answers cannot be used."), fields=missing)
    submission = Submission.objects.create(version=version, by=by, answers=kept, filed_by=filed_by)
    # No answers in the journal: they stand in the row, and a sensitive one must stand nowhere else.
    record("form.submitted", subject=submission, by=filed_by or by, after={
        "version": version.pk, "answered": sorted(kept), **({"on_behalf_of": by.pk} if filed_by else {})})  # fmt: skip
    return submission


def _has_lost_file(ids: Any) -> bool:
    return bool(ids) and len(files.by_ids(ids)) != len(ids)
