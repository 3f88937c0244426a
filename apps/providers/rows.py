"""Accounts, numbers and wording belong to the company: whoever may view them sees all."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare

declare(
    "providers.portfolio", "providers.account", "providers.number", "providers.messagetemplate", "providers.translation",
    "providers.approval", "providers.othertemplate", "providers.accountalert", "providers.checkup", words=_("all"),
)  # fmt: skip
