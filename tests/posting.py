"""What a browser sends along with a page's form: the counts of every list of rows on it."""

from django.contrib import admin
from django.db import models
from django.forms import inlineformset_factory


def no_rows(model: type[models.Model]) -> dict[str, int]:
    """The counts of a page of `model` whose lists of rows are left empty."""
    found = {}
    for inline in admin.site.get_model_admin(model).inlines:
        formset = inlineformset_factory(model, inline.model, fk_name=inline.fk_name, fields="__all__")
        found |= {f"{formset.get_default_prefix()}-{count}_FORMS": 0 for count in ("TOTAL", "INITIAL")}
    return found
