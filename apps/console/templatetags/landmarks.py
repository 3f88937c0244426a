"""What the theme's frame lacks for people who do not see it: where the page's own content and the navigation are."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def landmarks(frame: str) -> str:
    """The frame's HTML with its landmarks named. Works on both releases of the theme, whose frames differ elsewhere."""
    navigation = f'<div id="nav-sidebar" role="navigation" aria-label="{escape(_("Pages of the desk"))}"'
    named = frame.replace('<div id="main"', '<div id="main" role="main"', 1)
    named = named.replace('<div id="nav-sidebar"', navigation, 1)
    return SafeString(named.replace('<div id="content"', '<div id="content" tabindex="-1"', 1))
