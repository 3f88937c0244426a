"""The desk: the admin site with Recado's own home."""

from unfold.sites import UnfoldAdminSite


class RecadoAdminSite(UnfoldAdminSite):
    """Navigation by what people do; see `navigation.py`."""
