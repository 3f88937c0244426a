"""A form on one page: what is sent in is read, checked and started in one transaction, once, whoever presses twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError, NotPermittedError, RecadoError
from apps.files import queries as files
from apps.files.models import File
from apps.forms import queries as forms
from apps.forms import services as forms_services
from apps.forms.schema import FILE_KINDS, Schema
from apps.journal.services import record
from apps.outbox import buttons
from apps.people import queries as people
from apps.people.models import User
from apps.web import queries, reading, services, telling, uploads
from apps.web.models import Link
from apps.web.reading import Asked


@dataclass
class Page:
    """What to show. `done`: the form was sent in, now or before; else the questions, with `wrong` (id, sentence) on top."""

    link: Link
    asked: Sequence[Asked] = ()
    wrong: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""
    has_new: bool = False
    done: bool = False


def empty(link: Link, language: str) -> Page:
    """The page as it is first opened: nothing is written by looking at it."""
    if link.is_used:
        return Page(link, done=True)
    kept = _kept(link)
    schema = _schema(link)
    return Page(
        link, [reading.asked(spec, language, files=kept.get(spec.key, ())) for spec in reading.first_questions(schema)]
    )


@transaction.atomic
def send_in(*, link: Link, posted: Any, chosen: Any, language: str, filed_by: User | None = None) -> Page:
    """Take a posted page. The lock makes two presses one submission: the second finds it done.

    What cannot be used is named at its field, and uploads are kept. Raises NotPermittedError when the person, or whoever
    files for them, may not (any more).
    """
    link = services.locked(link)
    if link.is_used:
        return Page(link, done=True)
    _check(link, filed_by)
    schema = _schema(link)
    dropped = {spec.key: posted.getlist(f"drop-{spec.key}") for spec in schema if spec.kind in FILE_KINDS}
    refused = uploads.keep(link=link, fields=schema, chosen=chosen, dropped=dropped)
    link.save(update_fields=["kept"])
    found = reading.read(schema, posted, link.kept, language, people.today(link.employee))
    # A file for a question that these answers do not ask was refused in vain.
    found.wrong |= {spec.key: refused[spec.key] for spec in found.visible if spec.key in refused}
    problem = ""
    if found.is_fine:
        try:
            with transaction.atomic():
                _start(link, found.answers, filed_by)
            return Page(link, done=True)
        except InvalidInputError as error:
            found.wrong |= dict(error.fields)
            problem = "" if error.fields else str(error)
        except RecadoError as error:
            problem = str(error)
    return _again(link, found, language, problem)


def _check(link: Link, filed_by: User | None) -> None:
    if filed_by is not None:
        services.require(by=filed_by, permission=services.FILE, employee=link.employee)
        if link.made_by_id != filed_by.pk or link.why != Link.Why.BEHALF:
            raise NotPermittedError(_("Somebody else began to file this. Begin anew on the employee’s page."))
    refused = queries.obstacle(link)
    if refused or not link.is_usable:
        raise NotPermittedError(refused or _("This link opens nothing any more."))


def _start(link: Link, answers: dict[str, Any], filed_by: User | None) -> models.Model:
    """Keep the answers, start what they are about, use the link up."""
    target = queries.form_target(link.button.target)
    if target is None or link.form_version is None:
        raise InvalidInputError(_("This form is not offered any more. Please speak to HR."))
    submission = forms_services.submit(version=link.form_version, by=link.employee, answers=answers, filed_by=filed_by)
    made: Any = target.file(argument=str(link.button.data.get("argument", "")), submission=submission)
    uploads.forget(
        link=link, but=[file.pk for file in forms.files_of(submission, reveals=True)]
    )  # answers that fell away
    buttons.use(link.button)
    link.result_type, link.result_id, link.result_code = made._meta.label_lower, str(made.pk), made.code
    link.save(update_fields=["result_type", "result_id", "result_code"])
    record("link.used", subject=link, by=filed_by or link.employee, after={
        "employee": link.employee_id, "became": made.code, "made_by": link.made_by_id,
        **({"on_behalf_of": link.employee_id} if filed_by else {})})  # fmt: skip
    if filed_by is not None:
        telling.filed(link=link, made=made, by=filed_by)
    else:
        services.make_list_link(employee=link.employee, why=Link.Why.AFTER, title=made.code, key=after_key(link))
    result: models.Model = made
    return result


def after_key(link: Link) -> str:
    """The key of the link to "my requests" that the page shows once the form is sent in."""
    return f"after:{link.pk}"


def _again(link: Link, found: reading.Reading, language: str, problem: str) -> Page:
    kept = _kept(link)
    asked = [
        reading.asked(spec, language, typed=found.typed.get(spec.key, ""), error=found.wrong.get(spec.key, ""),
                      files=kept.get(spec.key, ()))
        for spec in found.visible
    ]  # fmt: skip
    for one in asked:
        if one.spec.key in found.new and not one.error:
            one.error = _("This question came up because of your answers.")
    wrong = [(one.id, f"{one.question} – {one.error}") for one in asked if one.error]
    return Page(link, asked, wrong, problem, has_new=bool(found.new))


def _schema(link: Link) -> Schema:
    if link.form_version is None:
        raise NotPermittedError(_("This form is not offered any more. Please speak to HR."))
    return forms.schema_of(link.form_version)


def _kept(link: Link) -> dict[str, list[File]]:
    found = {file.pk: file for file in files.by_ids([pk for ids in link.kept.values() for pk in ids])}
    return {key: [found[pk] for pk in ids if pk in found] for key, ids in link.kept.items()}
