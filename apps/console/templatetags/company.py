"""Whose house this is."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def company_name() -> str:
    """The company's name as people know it; the product's own where nobody has set one."""
    return str(settings.COMPANY_NAME)
