"""API keys: made, replaced, withdrawn, and recognised. The secret leaves here once, as the return value."""

import hashlib
import ipaddress
import secrets
import string
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError, RecadoError
from apps.journal.services import record
from apps.people import queries
from apps.people.authority import Authority
from apps.people.keys import PREFIX_LENGTH, ApiKey
from apps.people.models import Employee, User
from apps.people.scopes import scopes as known_scopes

MANAGE = "people.manage_apikey"
YEAR = timedelta(days=365)
LONGEST = 2 * YEAR
GRACE = timedelta(hours=24)
"""How long a replaced key still opens, so that its program can be given the new one without a gap."""
TOUCH = timedelta(minutes=1)
MOST_NETWORKS = 20
_ALPHABET = string.ascii_lowercase + string.digits
_SECRET_LENGTH = 40
_NOBODY = "0" * 64


class BadKeyError(RecadoError):
    """The key opens nothing. The sentence tells no more than its holder may know."""

    code = "bad_key"


@transaction.atomic
def create_key(
    *, name: str, owner: User, scopes: Iterable[str], by: User, expires_at: datetime | None = None,
    networks: Sequence[str] = (),
) -> tuple[ApiKey, str]:  # fmt: skip
    """Make a key; returns it with the token to hand over, which is kept nowhere.

    It ends after a year unless `expires_at` says otherwise (at most two years ahead). Raises NotPermittedError, since
    nobody makes a key that can do more than they can, and InvalidInputError naming the wrong fields.
    """
    wanted, end, nets = check_new_key(owner=owner, scopes=scopes, by=by, expires_at=expires_at, networks=networks)
    return _issue(name, owner, wanted, end, nets, by)


def check_new_key(
    *, owner: User, scopes: Iterable[str], by: User, expires_at: datetime | None, networks: Iterable[str]
) -> tuple[list[str], datetime, list[str]]:
    """The scopes, end and networks as a key would have them; raises what `create_key` raises, and makes nothing."""
    if not by.has_perm(MANAGE):
        raise NotPermittedError(_("Only who manages API keys makes new ones. Nothing was changed."))
    _check_owner(owner, by)
    return _checked_scopes(scopes), _checked_end(expires_at), checked_networks(networks)


@transaction.atomic
def rotate_key(*, key: ApiKey, by: User) -> tuple[ApiKey, str]:
    """A new key like this one, for another year; the old one ends within `GRACE`. Raises NotPermittedError, InvalidInputError."""
    row = ApiKey.objects.select_for_update(of=("self",)).select_related("owner").get(pk=key.pk)
    _check_manager(row, by)
    _check_owner(row.owner, by)
    if not row.is_alive:
        raise InvalidInputError(_("This key has ended already: make a new one."))
    made = _issue(row.name, row.owner, row.scopes, clock.now() + YEAR, row.networks, by)
    before = row.expires_at
    row.expires_at = min(before, clock.now() + GRACE)
    row.save(update_fields=["expires_at"])
    record("apikey.replaced", subject=row, by=by, before={"expires_at": before.isoformat()},
           after={"expires_at": row.expires_at.isoformat(), "replaced_by": made[0].pk})  # fmt: skip
    return made


@transaction.atomic
def revoke_key(*, key: ApiKey, by: User) -> ApiKey:
    """From this commit on it opens nothing. Withdrawing twice is once. Raises NotPermittedError."""
    row = ApiKey.objects.select_for_update(of=("self",)).select_related("owner").get(pk=key.pk)
    _check_manager(row, by)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        record("apikey.revoked", subject=row, by=by, after={"revoked_at": row.revoked_at.isoformat()})
    return row


def recognise(token: str, *, address: str) -> Authority:
    """Whose key this is, when it opens anything from `address`; notes the use. Raises BadKeyError."""
    prefix, secret = _parts(token)
    key = ApiKey.objects.select_related("owner").filter(prefix=prefix).first() if prefix else None
    # Compared even where there is no such key: the time taken tells nothing.
    is_right = secrets.compare_digest(digest_of(secret), key.digest if key else _NOBODY)
    if key is None or not is_right:
        raise BadKeyError(_("This API key is not known here. Check that all of it was copied."))
    if key.revoked_at is not None:
        raise BadKeyError(_("This API key has been withdrawn. Ask for a new one."))
    if not key.is_alive:
        raise BadKeyError(_("This API key has ended. Ask for a new one."))
    has_left = Employee.objects.filter(user=key.owner, state=Employee.State.LEFT).exists()
    if not key.owner.is_active or has_left:
        raise BadKeyError(_("The sign-in behind this API key is locked. Ask for a new one."))
    if not is_from(address, key.networks):
        raise BadKeyError(_("This API key may not be used from this address."))
    _touch(key)
    return Authority(key.owner, key)


def keys_seen(user: Any) -> Any:
    """The keys whose rows `user` may see: all with the view or manage permission, else their own."""
    rows = ApiKey.objects.select_related("owner")
    if user.has_perm(MANAGE) or user.has_perm("people.view_apikey"):
        return rows
    return rows.filter(owner_id=user.pk) if user.pk is not None else rows.none()


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def is_from(address: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of these networks; none means anywhere."""
    if not networks:
        return True
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped:
        asked = asked.ipv4_mapped
    return any(asked in ipaddress.ip_network(network) for network in networks)


def checked_networks(networks: Iterable[str]) -> list[str]:
    """Networks in their usual spelling. Raises InvalidInputError naming the first that is none."""
    found = []
    for text in networks:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError as error:
            sentence = _("“%(text)s” is not a network. Write it like 203.0.113.0/24 or 2001:db8::/32.") % {
                "text": text[:60]
            }
            raise InvalidInputError(sentence, fields={"networks": sentence}) from error
    if len(found) > MOST_NETWORKS:
        sentence = _("At most %(most)s networks, please.") % {"most": MOST_NETWORKS}
        raise InvalidInputError(sentence, fields={"networks": sentence})
    return list(dict.fromkeys(found))


# --- the parts --------------------------------------------------------------------------------------------------------


def _issue(
    name: str, owner: User, scopes: list[str], expires_at: datetime, networks: list[str], by: User
) -> tuple[ApiKey, str]:
    if not name.strip():
        sentence = _("A key needs a name: which program uses it?")
        raise InvalidInputError(sentence, fields={"name": sentence})
    prefix, secret = _random(PREFIX_LENGTH), _random(_SECRET_LENGTH)
    key = ApiKey.objects.create(name=name.strip()[:80], prefix=prefix, digest=digest_of(secret), owner=owner,
                                scopes=scopes, networks=networks, expires_at=expires_at)  # fmt: skip
    record("apikey.created", subject=key, by=by, after={
        "owner": owner.pk, "scopes": scopes, "networks": networks, "expires_at": expires_at.isoformat()})  # fmt: skip
    return key, f"rcd_{prefix}_{secret}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _each in range(length))


def _parts(token: str) -> tuple[str, str]:
    """(prefix, secret); empty for what does not even look like a key."""
    pieces = token.split("_")
    if len(pieces) != 3 or pieces[0] != "rcd" or len(pieces[1]) != PREFIX_LENGTH or len(pieces[2]) != _SECRET_LENGTH:
        return "", ""
    return (pieces[1], pieces[2]) if token.isascii() and "\x00" not in token else ("", "")


def _touch(key: ApiKey) -> None:
    now = clock.now()
    if key.last_used_at is None or key.last_used_at <= now - TOUCH:
        stale = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - TOUCH), pk=key.pk)
        stale.update(last_used_at=now)


def _check_manager(key: ApiKey, by: User) -> None:
    if key.owner_id != by.pk and not by.has_perm(MANAGE):
        raise NotPermittedError(_("Only its owner or who manages API keys may do this. Nothing was changed."))


def _check_owner(owner: User, by: User) -> None:
    """A key acts for its owner, and whoever makes it has it in hand: nobody gets more than they have."""
    if not owner.is_active:
        sentence = _("%(owner)s cannot sign in: a key of theirs would open nothing.") % {"owner": owner}
        raise InvalidInputError(sentence, fields={"owner": sentence})
    if by.is_superuser or owner.pk == by.pk:
        return
    is_more = owner.is_superuser or owner.get_all_permissions() - by.get_all_permissions()
    if is_more or not by.has_perm(queries.VIEW_ALL):
        raise NotPermittedError(
            _("%(owner)s may do more than you: only an administrator makes a key that acts for them.")
            % {"owner": owner}
        )


def _checked_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    unknown = [name for name in wanted if name not in known_scopes]
    if unknown or not wanted:
        sentence = (
            _("There is no scope called “%(name)s”.") % {"name": unknown[0]}
            if unknown
            else _("Choose at least one scope.")
        )
        raise InvalidInputError(sentence, fields={"scopes": sentence})
    return wanted


def _checked_end(expires_at: datetime | None) -> datetime:
    now = clock.now()
    end = expires_at or now + YEAR
    if not now < end <= now + LONGEST:
        sentence = _("A key must end in the future, within two years.")
        raise InvalidInputError(sentence, fields={"expires_at": sentence})
    return end
