"""What WhatsApp tells about accounts takes effect: from the webhook to the rows, the pause and the operator's desk."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.core import clock as business
from apps.core.errors import NotPermittedError
from apps.inbox import tasks
from apps.inbox.models import InboundEvent
from apps.journal.models import Entry
from apps.outbox import services as outbox
from apps.outbox.reactions import release_an_account
from apps.providers import news
from apps.providers.forms.accounts import AccountForm
from apps.providers.meta_cloud.notices import limit_of, news_of
from apps.providers.models import Account, AccountAlert, Number
from apps.providers.setup import AccountNews, Limit, NumberHealth
from apps.providers.types import AccountChanged
from tests import webhooks
from tests.factories import make_account, make_contact, make_employee, make_number, make_user

PAYLOADS = Path(__file__).parents[1] / "payloads" / "meta_cloud"


def tell(account: Account, field: str, value: object) -> None:
    """One signed webhook through the door and the worker."""
    body = {"object": "whatsapp_business_account",
            "entry": [{"id": account.remote_id, "time": 1767225600, "changes": [{"field": field, "value": value}]}]}  # fmt: skip
    assert webhooks.post(account, body).status_code == 200
    tasks.sweep()


def tell_sample(account: Account, name: str) -> None:
    change = json.loads((PAYLOADS / f"{name}.json").read_text())["entry"][0]["changes"][0]
    tell(account, change["field"], change["value"])


@pytest.fixture
def number() -> Number:
    return make_number(phone="+15550783881")


# --- what each notice means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "people"),
    [("TIER_50", 50), ("TIER_250", 250), ("TIER_1K", 1000), ("TIER_2K", 2000), ("TIER_100K", 100_000), ("2000", 2000)],
)
def test_a_tier_is_a_number_of_people(text: str, people: int) -> None:
    assert limit_of(text) == Limit(people)


def test_a_tier_that_says_nothing_changes_nothing() -> None:
    assert limit_of("TIER_UNLIMITED") == Limit(None)
    assert [limit_of(text) for text in ("", "TIER_NOT_SET", "TIER_0", "-1", "TIER_2M", "2e9", "9" * 30)] == [None] * 7


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.sampled_from(["ban_info", "restriction_info", "violation_info", "alert_info", "decision", "waba_ban_state",
                        "display_phone_number", "max_daily_conversations_per_business", "current_limit"])  # fmt: skip


@given(
    st.sampled_from(["account_update", "account_alerts", "account_review_update", "phone_number_quality_update",
                     "phone_number_name_update", "business_capability_update", "security", "flows", "else"]),
    st.sampled_from(["DISABLED_UPDATE", "ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION", "THROUGHPUT_UPGRADE", "", "NEW"]),
    st.dictionaries(KEYS, json_values, max_size=4),
)  # fmt: skip
def test_no_notice_whatever_stands_in_it_raises_or_grows_without_bound(what: str, event: str, values: dict) -> None:
    told = news_of(AccountChanged(what, event, values))
    assert isinstance(told, AccountNews)
    assert len(told.words) <= 300
    assert told.severity in {"info", "warning", "critical"}


@pytest.mark.parametrize(
    ("event", "values", "code", "breaks"),
    [
        ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "DISABLE"}}, "banned", True),
        ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE"}}, "ban_announced", False),
        ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "REINSTATE"}}, "reinstated", False),
        ("DISABLED_UPDATE", {}, "banned", True),
        ("ACCOUNT_DELETED", {}, "deleted", True),
        ("ACCOUNT_OFFBOARDED", {}, "offboarded", True),
        ("ACCOUNT_VIOLATION", {"violation_info": {"violation_type": "SPAM"}}, "violation", False),
        ("PARTNER_REMOVED", {}, "app_removed", False),
        ("VOLUME_BASED_PRICING_TIER_UPDATE", {}, "unknown", False),
        ("SOMETHING_NEW", {}, "unknown", False),
    ],
)
def test_an_account_update(event: str, values: dict, code: str, breaks: bool) -> None:
    told = news_of(AccountChanged("account_update", event, values))
    assert (told.code, told.breaks) == (code, breaks)


# --- from the door ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestFromTheDoor:
    @pytest.mark.parametrize("name", ["account_update_deleted", "account_update_offboarded"])
    def test_a_deletion_stops_the_account_and_says_why(self, number: Number, name: str) -> None:
        account = number.account
        tell_sample(account, name)
        account.refresh_from_db()
        assert account.state == Account.State.BROKEN
        assert "Messages are kept" in account.state_reason
        assert AccountAlert.objects.get().severity == "critical"
        assert InboundEvent.objects.get().state == InboundEvent.State.DONE

    def test_a_ban_that_is_lifted_waits_for_an_operator(self, number: Number) -> None:
        account = number.account
        tell(account, "account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}})
        tell_sample(account, "account_update_disabled")  # REINSTATE
        account.refresh_from_db()
        assert account.state == Account.State.BROKEN
        assert set(AccountAlert.objects.values_list("code", flat=True)) == {"banned", "reinstated"}

    def test_a_restriction_is_remembered_with_its_end(self, number: Number) -> None:
        tell_sample(number.account, "account_update_restriction")
        number.account.refresh_from_db()
        assert number.account.restricted_until == datetime.fromtimestamp(1641330498, UTC)
        assert number.account.state == Account.State.ACTIVE
        assert "RESTRICTED_BIZ_INITIATED_MESSAGING" in AccountAlert.objects.get().words

    def test_a_restriction_holds_what_would_open_a_conversation_until_it_is_lifted(self, number: Number) -> None:
        until = business.now() + timedelta(days=3)
        info = [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": until.isoformat()}]
        tell(number.account, "account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": info})
        contact = make_contact(make_employee())
        message = outbox.enqueue(key="k", contact=contact, kind="request.asked", data={"request": "R-1"}, number=number)
        assert (message.held_reason, message.not_before) == ("restricted", until)
        tell_sample(number.account, "account_update_disabled")  # REINSTATE
        release_an_account(Entry.objects.filter(name="account.restricted").latest("id"))
        message.refresh_from_db()
        assert message.not_before <= business.now()
        number.account.refresh_from_db()
        assert number.account.restricted_until is None

    def test_a_restriction_of_something_else_holds_nothing(self, number: Number) -> None:
        info = [{"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": 4_102_444_800}]
        tell(number.account, "account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": info})
        number.account.refresh_from_db()
        assert number.account.restricted_until is None
        assert AccountAlert.objects.get().severity == "warning"

    def test_a_throughput_upgrade_and_a_tier_reach_their_rows(self, number: Number) -> None:
        other = make_number(number.account)
        tell_sample(number.account, "phone_number_quality_update")
        number.refresh_from_db()
        other.refresh_from_db()
        assert (number.per_second, other.per_second) == (1000, 80)
        assert Account.objects.get().portfolio.tier == 10_000
        assert Entry.objects.filter(name="portfolio.limit_changed").get().before == {"tier": 250}
        assert not AccountAlert.objects.exists()

    def test_a_capability_update_changes_the_limit_once(self, number: Number) -> None:
        tell_sample(number.account, "business_capability_update")
        tell_sample(number.account, "business_capability_update")  # the same body again is one delivery
        tell(number.account, "business_capability_update", {"max_daily_conversations_per_business": "TIER_2K"})
        assert Account.objects.get().portfolio.tier == 2000
        assert Entry.objects.filter(name="portfolio.limit_changed").count() == 1

    def test_an_unlimited_portfolio(self, number: Number) -> None:
        tell(number.account, "business_capability_update", {"max_daily_conversations_per_business": "TIER_UNLIMITED"})
        assert Account.objects.get().portfolio.tier is None

    def test_a_refused_name_and_a_changed_pin_are_told(self, number: Number) -> None:
        tell(number.account, "phone_number_name_update", {
            "display_phone_number": "15550783881", "decision": "REJECTED", "requested_verified_name": "Aurora",
            "rejection_reason": "NAME_EMPLOYEE_UNRELATED"})  # fmt: skip
        tell(number.account, "security", {"display_phone_number": "15550783881", "event": "PIN_CHANGED"})
        number.refresh_from_db()
        assert number.name_status == "REJECTED"
        assert set(AccountAlert.objects.values_list("code", flat=True)) == {"name_rejected", "security"}

    def test_an_alert_that_is_over_is_only_kept(self, number: Number) -> None:
        info = {"alert_severity": "WARNING", "alert_status": "NONE", "alert_type": "OBA_REJECTED"}
        tell(number.account, "account_alerts", {"entity_type": "PHONE_NUMBER", "alert_info": info})
        assert not AccountAlert.objects.exists()
        tell(number.account, "account_alerts", {"alert_info": {**info, "alert_status": "ACTIVE"}})
        assert "OBA_REJECTED" in AccountAlert.objects.get().words

    def test_a_number_of_another_account_is_not_touched(self, number: Number) -> None:
        other = make_account()
        tell(
            other, "phone_number_quality_update", {"display_phone_number": "15550783881", "event": "THROUGHPUT_UPGRADE"}
        )
        number.refresh_from_db()
        assert number.per_second == 80

    def test_what_nobody_knows_is_kept_and_ignored(self, number: Number) -> None:
        tell(number.account, "account_update", {"event": "BRAND_NEW", "x": [1]})
        tell_sample(number.account, "account_update_volume_tier")
        assert set(InboundEvent.objects.values_list("state", flat=True)) == {InboundEvent.State.IGNORED}
        assert number.account.state == Account.State.ACTIVE
        assert not AccountAlert.objects.exists()


# --- the desk ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestTheDesk:
    def test_an_operator_reads_it_on_the_home_and_says_seen(self, number: Number) -> None:
        tell(number.account, "account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}})
        otto = make_user("otto", roles=["Operator"])
        client = Client()
        client.force_login(otto)
        assert "Read what it means" in client.get("/admin/").content.decode()
        page = client.get(reverse("admin:providers_account_change", args=[number.account_id])).content.decode()
        assert "WhatsApp has banned this account" in page
        alert = AccountAlert.objects.get()
        client.post(reverse("admin:providers_accountalert_mark_seen", args=[alert.pk]))
        alert.refresh_from_db()
        assert alert.seen_by == otto.as_actor().label
        assert "Read what it means" not in client.get("/admin/").content.decode()

    def test_a_ban_that_comes_while_somebody_types_is_not_written_over(
        self, number: Number, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = number.account
        client = Client()
        client.force_login(make_user(is_superuser=True))
        typed = {"name": "Renamed", "portfolio": account.portfolio_id, "kind": "meta_cloud", "read_marks": "never",
                 "remote_id": account.remote_id, "base_url": account.base_url, "templates_most": 250,
                 "numbers-TOTAL_FORMS": 0, "numbers-INITIAL_FORMS": 0}  # fmt: skip

        clean = AccountForm.clean

        def bans(form: AccountForm) -> object:
            """The page has loaded the account; the webhook is faster than the click."""
            Account.objects.filter(pk=account.pk).update(state="broken", state_reason="banned")
            return clean(form)

        monkeypatch.setattr(AccountForm, "clean", bans)
        client.post(reverse("admin:providers_account_change", args=[account.pk]), typed)
        account.refresh_from_db()
        assert (account.name, account.state, account.state_reason) == ("Renamed", "broken", "banned")

    def test_who_may_not_operate_cannot_say_seen(self, number: Number) -> None:
        alert = AccountAlert.objects.create(account=number.account, code="banned", severity="critical")
        with pytest.raises(NotPermittedError):
            news.mark_seen(alert=alert, by=make_user(roles=["HR"]))


@pytest.mark.django_db
@pytest.mark.parametrize(("present", "said", "after"), [
    (80, 1000, 1000), (1000, 80, 80), (20, 80, 20), (20, 1000, 1000), (80, 0, 80), (500, 80, 80),
])  # fmt: skip
def test_a_throughput_set_by_hand_for_a_shared_number_is_not_raised_to_the_standard(
    present: int, said: int, after: int
) -> None:
    number = make_number(per_second=present)
    news.apply_health(number=number, health=NumberHealth(number.remote_id, per_second=said))
    number.refresh_from_db()
    assert number.per_second == after
