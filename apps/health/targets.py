"""Taps on what the house says about itself."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.conversations.targets import Reply, Tap, Target, register
from apps.core.errors import NotPermittedError
from apps.people.models import Employee
from apps.providers import services as providers
from apps.providers.models import MessageTemplate
from apps.providers.policy import OPERATE

Fallback = MessageTemplate.Fallback


class _Fallback(Target):
    """What becomes of messages while their template cannot be used. May be tapped again: the last tap counts."""

    fallback: Fallback

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        ids = [one for one in tap.button.data.get("templates", []) if isinstance(one, int)]
        templates = list(MessageTemplate.objects.filter(pk__in=ids).select_related("owner"))
        if not templates or not all(_may(tap.speaker.employee, one) for one in templates):
            raise NotPermittedError(_("This is not yours to decide any more. Nothing was changed."))
        for one in templates:
            providers.set_fallback(template=one, fallback=self.fallback, by=tap.speaker.employee)
        if self.fallback == Fallback.KNOCK:
            return Reply(
                _("Done: until it can be used again, people get a short message with a Read button instead.")
            ), False
        return Reply(_("Done: messages wait, and leave by themselves once it can be used again.")), False

    def explain(self, tap: Tap) -> Reply:
        return Reply(_("This button is too old. Open the template on the portal."))


def _may(employee: Employee, template: MessageTemplate) -> bool:
    user = employee.user
    is_operator = user is not None and user.is_active and user.has_perm(OPERATE)
    return template.owner_id == employee.pk or is_operator


@register
class Knock(_Fallback):
    name = "health.knock"
    label = gettext_lazy("Knock while a template cannot be used")
    fallback = Fallback.KNOCK
    decides = True


@register
class Wait(_Fallback):
    name = "health.wait"
    label = gettext_lazy("Wait while a template cannot be used")
    fallback = Fallback.HOLD
    decides = True
