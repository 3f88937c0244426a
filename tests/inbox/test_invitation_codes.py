"""A code comes in, from the right phone, another, a hidden one, late, twice, forged: whom does it connect, and who learns what."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from apps.approvals import services as approvals
from apps.approvals.models import Decision
from apps.contacts import policy, services
from apps.contacts.models import Claim, Consent, Contact, Guess, Invitation, Preference
from apps.conversations.models import Dialogue
from apps.core import clock as core_clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.inbox import parsing, processing
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.journal.reactor import run_all
from apps.journal.sealer import seal_pending
from apps.outbox.models import OutboundMessage
from apps.people import services as people
from apps.people.models import Employee
from apps.providers.models import Number
from tests import webhooks
from tests.chat import Chat, work
from tests.conftest import Clock
from tests.factories import (
    expense_form,
    make_contact,
    make_employee,
    make_flow,
    make_identity,
    make_number,
    make_submission,
    make_user,
)
from tests.racing import race

pytestmark = pytest.mark.django_db
RECORD, OTHER = "+5511987654321", "+5511912345678"
HIDDEN = "BR.13491208655302741918"


@dataclass
class House:
    number: Number
    ana: Employee
    invitation: Invitation

    def phone(self, phone: str) -> "Phone":
        return Phone(self.number, phone)


class Phone(Chat):
    """A phone that nobody knows yet."""

    def __init__(self, number: Number, phone: str, user_id: str = "") -> None:
        self.number, self.phone, self.user_id = number, phone, user_id

    @property
    def contact(self) -> Contact:  # type: ignore[override]
        rows = Contact.objects.filter(identities__remote_id=self.user_id) if self.user_id else Contact.objects
        return rows.get(**({} if self.user_id else {"phone": self.phone}))

    def say(self, body: str, **values: Any) -> list[str]:
        more = {"user_id": self.user_id} if self.user_id else {}
        webhooks.post(
            self.number.account, webhooks.inbound(self.number, webhooks.text(self.phone, body, **more, **values))
        )
        before = OutboundMessage.objects.order_by("-id").values_list("id", flat=True).first() or 0
        work()
        return self.heard(after=before)


@pytest.fixture
def house() -> House:
    number = make_number(is_default=True)
    ana = make_employee("Ana Lima", phone=RECORD, language="es")
    return House(number, ana, services.make_invitation(employee=ana, way="paper", by=SYSTEM))


def react() -> None:
    """Let the reactions read what was committed."""
    seal_pending()
    run_all()


def state(house: House) -> str:
    return str(Invitation.objects.get(pk=house.invitation.pk).state)


# --- the right phone --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phone", [RECORD, "+551187654321"])
def test_the_code_from_hr_s_phone_in_any_spelling_connects_at_once(house: House, phone: str) -> None:
    chat = house.phone(phone)
    heard = chat.say(house.invitation.code)
    contact = chat.contact
    assert (contact.employee, contact.state) == (house.ana, "active")
    assert len(heard) == 1
    assert "Ana" in heard[0]
    assert "¿Puede" in heard[0]  # asked in the person's language
    assert len(chat.offered()) == 3
    used = Invitation.objects.get()
    assert (used.state, used.used_by) == ("used", contact)
    assert Entry.objects.filter(name="invitation.used").exists()
    assert not Consent.objects.exists()


def test_the_code_is_typed_in_any_way(house: House) -> None:
    chat = house.phone(RECORD)
    chat.say(f" {house.invitation.code.lower().replace('-', ' ')}. ")
    assert chat.contact.employee == house.ana


def test_a_known_stranger_in_the_middle_of_a_batch_is_connected_for_what_follows(house: House) -> None:
    chat = house.phone(RECORD)
    chat.say("oi")
    chat.send(webhooks.text(RECORD, house.invitation.code), webhooks.text(RECORD, "menu"))
    welcome, menu = chat.heard()[-2:]
    assert "¿Puede" in welcome
    assert "menú" in menu  # the menu answers people only
    assert state(house) == "used"


def test_the_same_code_again_is_welcome_and_changes_nothing(house: House) -> None:
    chat = house.phone(RECORD)
    chat.say(house.invitation.code)
    entries = Entry.objects.filter(name__in=["contact.linked", "invitation.used"]).count()
    heard = chat.say(house.invitation.code)
    assert len(heard) == 1
    assert Entry.objects.filter(name__in=["contact.linked", "invitation.used"]).count() == entries
    assert not Guess.objects.exists()


def test_a_replayed_event_says_and_does_it_once(house: House) -> None:
    message = webhooks.text(RECORD, house.invitation.code)
    body = webhooks.inbound(house.number, message)
    for _time in range(2):
        webhooks.post(house.number.account, body)
        work()
    assert OutboundMessage.objects.count() == 1


def test_a_shared_handset_is_marked_and_asked_nothing(house: House) -> None:
    invitation = services.make_invitation(employee=house.ana, way="paper", is_shared=True, by=SYSTEM)
    chat = house.phone(RECORD)
    heard = chat.say(invitation.code)
    assert chat.contact.is_shared
    assert chat.offered() == []
    assert len(heard) == 1
    assert not Consent.objects.exists()


# --- another phone ----------------------------------------------------------------------------------------------------


def claimed(house: House, phone: str = OTHER) -> tuple[Phone, Claim]:
    chat = house.phone(phone)
    chat.say(house.invitation.code)
    return chat, Claim.objects.latest("id")


def test_another_phone_is_a_claim_and_the_sender_learns_no_name(house: House) -> None:
    chat = house.phone(OTHER)
    heard = chat.say(house.invitation.code)
    claim = Claim.objects.get()
    assert (claim.why, claim.phone, claim.state, state(house)) == ("other_phone", OTHER, "waiting", "claimed")
    assert chat.contact.employee is None
    assert len(heard) == 1
    assert "O RH confere" in heard[0]  # their own country's language, not Ana's
    assert "Ana" not in heard[0]
    chat.say("menu")
    assert "RH" in chat.heard()[-1]


def test_a_hidden_phone_is_a_claim_and_its_own_number_sent_later_is_not_needed(house: House) -> None:
    chat = Phone(house.number, "", HIDDEN)
    chat.say(house.invitation.code)
    claim = Claim.objects.get()
    assert (claim.why, claim.phone) == ("hidden", "")
    services.confirm_claim(claim=claim, by=SYSTEM)
    assert chat.contact.employee == house.ana
    assert chat.contact.phone == ""


def test_sending_it_again_while_hr_looks_makes_no_second_claim(house: House) -> None:
    chat, _claim = claimed(house)
    assert len(chat.say(house.invitation.code)) == 1
    assert Claim.objects.count() == 1
    assert not Guess.objects.exists()


def test_a_third_phone_with_a_claimed_code_gets_nothing(house: House) -> None:
    claimed(house)
    third = house.phone("+5511900000003")
    heard = third.say(house.invitation.code)
    assert "já foi usado" in heard[0]
    assert (Claim.objects.count(), third.contact.employee) == (1, None)


def test_the_right_phone_overtakes_a_claim(house: House) -> None:
    _chat, claim = claimed(house)
    right = house.phone(RECORD)
    right.say(house.invitation.code)
    claim.refresh_from_db()
    assert (claim.state, right.contact.employee, state(house)) == ("overtaken", house.ana, "used")
    with pytest.raises(MoveNotAllowedError):
        services.confirm_claim(claim=claim, by=SYSTEM)
    assert Contact.objects.get(phone=OTHER).employee is None


def test_confirming_connects_welcomes_and_takes_the_phone_into_the_record(house: House) -> None:
    chat, claim = claimed(house)
    hr = make_user(roles=["HR"])
    services.confirm_claim(claim=claim, by=hr, is_phone_updated=True)
    react()
    react()
    house.ana.refresh_from_db()
    assert (chat.contact.employee, house.ana.phone, state(house)) == (house.ana, OTHER, "used")
    welcomes = [text for text in chat.heard() if "¿Puede" in text]
    assert len(welcomes) == 1
    assert len(chat.offered()) == 3


def test_confirming_after_a_day_welcomes_by_template(house: House, clock: Clock) -> None:
    chat, claim = claimed(house)
    clock.wind(25 * 3600)
    services.confirm_claim(claim=claim, by=SYSTEM)
    react()
    row = OutboundMessage.objects.latest("id")
    assert (row.kind, row.contact, row.minted_buttons.count()) == ("contact.confirmed", chat.contact, 1)


def test_refusing_kills_the_code_and_tells_the_sender_politely(house: House) -> None:
    chat, claim = claimed(house)
    services.refuse_claim(claim=claim, by=make_user(roles=["HR"]))
    react()
    assert (chat.contact.employee, state(house)) == (None, "revoked")
    said = chat.heard()[-1]
    assert "O RH não conseguiu confirmar" in said
    assert "Ana" not in said
    assert OutboundMessage.objects.latest("id").state == "queued"
    with pytest.raises(MoveNotAllowedError):
        services.confirm_claim(claim=claim, by=SYSTEM)
    assert house.phone(RECORD).say(house.invitation.code)
    assert Contact.objects.get(phone=RECORD).employee is None


def test_only_hr_decides_a_claim(house: House) -> None:
    _chat, claim = claimed(house)
    for user in (make_user(), make_user(roles=["Manager"]), make_user(roles=["Operator"])):
        with pytest.raises(NotPermittedError):
            services.confirm_claim(claim=claim, by=user)
        with pytest.raises(NotPermittedError):
            services.refuse_claim(claim=claim, by=user)
    assert Claim.objects.get().state == "waiting"


def test_a_code_from_a_colleague_s_phone_takes_nothing_from_the_colleague(house: House) -> None:
    bia = make_employee("Bia", phone=OTHER)
    chat = Chat(house.number, make_contact(bia))
    chat.say(house.invitation.code)
    claim = Claim.objects.get()
    assert (claim.why, claim.owner) == ("taken", bia)
    assert Contact.objects.get(phone=OTHER).employee == bia
    assert chat.say("menu")
    services.confirm_claim(claim=claim, by=SYSTEM)
    contact = Contact.objects.get(phone=OTHER)
    assert contact.employee == house.ana
    assert not Consent.objects.filter(contact=contact).order_by("-id")[0].is_given  # Bia's yes is not Ana's


def test_a_code_from_a_colleague_s_phone_is_a_claim_even_where_hr_wrote_both_the_same_phone(house: House) -> None:
    bia = make_employee("Bia", phone=RECORD)
    Chat(house.number, make_contact(bia)).say(house.invitation.code)
    assert Claim.objects.get().why == "taken"


def test_an_address_that_changed_hands_after_the_claim_is_not_confirmed_unseen(house: House) -> None:
    chat, claim = claimed(house)
    services.link(contact=chat.contact, employee=make_employee("Bia"), by=SYSTEM)
    with pytest.raises(InvalidInputError, match="changed hands"):
        services.confirm_claim(claim=claim, by=SYSTEM)


def test_a_leaver_s_claim_is_not_confirmed(house: House) -> None:
    _chat, claim = claimed(house)
    people.mark_left(employee=house.ana, by=SYSTEM)
    with pytest.raises(InvalidInputError, match="left"):
        services.confirm_claim(claim=claim, by=SYSTEM)
    assert Claim.objects.get().state == "waiting"


# --- codes that open nothing ------------------------------------------------------------------------------------------


def nobody_is_linked(house: House) -> bool:
    return not Contact.objects.filter(employee=house.ana).exists()


def test_revoked_replaced_expired_and_a_leaver_s_codes_change_nothing(house: House, clock: Clock) -> None:
    old = house.invitation
    new = services.make_invitation(employee=house.ana, way="link", days=1, by=SYSTEM)
    chat = house.phone(RECORD)
    assert "não vale" in chat.say(old.code)[0]
    clock.wind(24 * 3600 + 1)
    assert "prazo deste código" in chat.say(new.code)[0]
    third = services.make_invitation(employee=house.ana, way="link", by=SYSTEM)
    people.mark_left(employee=house.ana, by=SYSTEM)
    assert "não vale" in chat.say(third.code)[0]
    assert nobody_is_linked(house)


def test_a_used_code_connects_no_second_phone(house: House) -> None:
    house.phone(RECORD).say(house.invitation.code)
    other = house.phone(OTHER)
    assert "já foi usado" in other.say(house.invitation.code)[0]
    assert other.contact.employee is None
    assert not Claim.objects.exists()


def test_half_a_code_is_said_to_be_half(house: House) -> None:
    heard = house.phone(RECORD).say(house.invitation.code[:-2])
    assert "não está completo" in heard[0]
    assert nobody_is_linked(house)


def test_a_made_up_code_says_what_an_old_one_says(house: House) -> None:
    services.revoke_invitation(invitation=house.invitation, by=SYSTEM)
    made_up = house.phone(OTHER).say("RECADO-2222-2222")
    revoked = house.phone("+5511900000009").say(house.invitation.code)
    assert made_up == revoked


def test_a_code_that_took_half_a_day_is_not_acted_upon(house: House) -> None:
    late = core_clock.now().timestamp() - 13 * 3600
    heard = house.phone(RECORD).say(house.invitation.code, at=late)
    assert "só chegou agora" in heard[0]
    assert (nobody_is_linked(house), state(house)) == (True, "open")


def test_a_forwarded_picture_or_a_sentence_with_the_code_is_no_code(house: House) -> None:
    chat = house.phone(RECORD)
    chat.say(f"my code is {house.invitation.code}")
    assert state(house) == "open"


def test_trying_codes_ends_after_five_and_even_the_right_one_waits(house: House, clock: Clock) -> None:
    chat = house.phone(OTHER)
    heard = [chat.say(f"RECADO-222{n}-2222") for n in range(2, 9)]
    assert [len(one) for one in heard] == [1, 1, 1, 1, 1, 0, 0]
    assert "60 minutos" in heard[4][0]
    assert chat.say(house.invitation.code) == []
    assert not Claim.objects.exists()
    clock.wind(policy.GUESSES.total_seconds() + 1)
    chat.say(house.invitation.code)
    assert Claim.objects.count() == 1


def test_a_storm_of_guesses_locks_nobody_out_who_writes_from_hr_s_phone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "GUESSES_OF_ALL", 3)
    for n in range(3):
        house.phone(f"+551190000010{n}").say("RECADO-2222-2222")
    assert "não vale" in house.phone(OTHER).say(house.invitation.code)[0]
    assert not Claim.objects.exists()
    house.phone(RECORD).say(house.invitation.code)
    assert state(house) == "used"


# --- new phones and lost ones -----------------------------------------------------------------------------------------


def test_a_fresh_code_from_a_new_phone_moves_the_person(house: House) -> None:
    old = make_contact(house.ana)
    people.set_phone(employee=house.ana, phone=OTHER, by=SYSTEM)
    fresh = services.make_invitation(employee=house.ana, way="link", by=SYSTEM)
    chat = house.phone(OTHER)
    chat.say(fresh.code)
    old.refresh_from_db()
    assert (old.state, old.employee, chat.contact.employee) == ("unlinked", None, house.ana)


def test_a_tap_from_the_old_phone_behind_the_code_in_one_batch_decides_nothing(house: House) -> None:
    asked_of = make_employee("Chefe", phone=OTHER)
    chefe = Chat(house.number, make_contact(asked_of))
    chefe.say("menu")
    rui = make_employee("Rui", manager=asked_of)
    approvals.submit(flow=make_flow({"approver": "manager"}), by=rui,
                     submission=make_submission(rui, expense_form(), what="Taxi", amount="78.00"))  # fmt: skip
    tap = chefe.press("Approve")
    new_phone = "+5511900000077"
    people.set_phone(employee=asked_of, phone=new_phone, by=SYSTEM)
    fresh = services.make_invitation(employee=asked_of, way="link", by=SYSTEM)
    house.phone(new_phone).say("oi")
    webhooks.post(house.number.account, webhooks.inbound(house.number, webhooks.text(new_phone, fresh.code), tap))
    work()
    assert not Decision.objects.exists()
    assert Contact.objects.get(phone=new_phone).employee == asked_of


def test_a_lost_phone_ends_dialogues_and_a_fresh_code_from_the_phone_proves_it_again(house: House) -> None:
    contact = make_contact(house.ana)
    chat = Chat(house.number, contact)
    chat.say("menu")
    dialogue = Dialogue.objects.create(
        conversation=contact.conversations.get(), target="incidents.report", state="open"
    )
    services.report_lost(contact=contact, by=SYSTEM)
    react()
    dialogue.refresh_from_db()
    assert dialogue.state == "cancelled"
    assert "no es válido" in chat.say(house.invitation.code)[0]  # it may lie on the lost phone
    fresh = services.make_invitation(employee=house.ana, way="paper", by=SYSTEM)
    chat.say(fresh.code)
    contact.refresh_from_db()
    assert (contact.state, contact.employee) == ("active", house.ana)


def test_a_hidden_suspended_person_with_a_fresh_code_waits_for_hr(house: House) -> None:
    contact = make_contact(house.ana, phone="")
    make_identity(contact, house.number.account.portfolio, HIDDEN)
    services.suspend(contact=contact, reason="changed the phone number")
    Phone(house.number, "", HIDDEN).say(house.invitation.code)
    contact.refresh_from_db()
    assert contact.state == "suspended"
    services.confirm_claim(claim=Claim.objects.get(), by=SYSTEM)
    contact.refresh_from_db()
    assert contact.state == "active"


# --- consent ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ana(house: House) -> Phone:
    chat = house.phone(RECORD)
    chat.say(house.invitation.code)
    return chat


def given(chat: Phone) -> dict[str, bool]:
    newest: dict[str, bool] = {}
    for row in Consent.objects.filter(contact=chat.contact).order_by("id"):
        newest[row.klass] = row.is_given
    return newest


def title(chat: Phone, place: int) -> str:
    return chat.offered()[place]


def test_yes_to_all_is_stored_per_class_with_wording_version_and_message(ana: Phone) -> None:
    tap = ana.press(title(ana, 0))
    heard = ana.send(tap)
    assert given(ana) == {"work": True, "reminder": True, "announcement": True}
    rows = Consent.objects.all()
    assert {(row.proof, row.version, row.source) for row in rows} == {(tap["id"], 0, "chat")}
    assert all("¿Puede Recado escribirte" in row.wording for row in rows)
    assert len(heard) == 1


def test_no_is_stored_too_and_a_later_yes_counts(ana: Phone) -> None:
    yes, no = title(ana, 0), title(ana, 2)
    ana.tap(no)
    assert set(given(ana).values()) == {False}
    ana.tap(yes)
    assert set(given(ana).values()) == {True}


def test_choosing_switches_single_classes(ana: Phone) -> None:
    ana.tap(title(ana, 1))
    rows = ana.offered()
    assert len(rows) == 4
    ana.tap(rows[1])
    assert given(ana) == {"reminder": True}
    assert ana.offered()[1].startswith("✅")
    ana.tap(ana.offered()[1])
    assert given(ana) == {"reminder": False}


def test_a_repeated_a_forwarded_and_a_forged_tap_answer_nothing(house: House, ana: Phone) -> None:
    yes = title(ana, 0)
    ana.tap(yes)
    count = Consent.objects.count()
    ana.tap(yes)
    bia = Chat(house.number, make_contact(make_employee("Bia", phone=OTHER), consents=()))
    bia.tap(yes, of=ana.contact)
    ana.send(webhooks.button_reply(RECORD, "b1.1.abcdef.0000000000000000000000"))
    assert Consent.objects.count() == count
    assert not Consent.objects.filter(contact=bia.contact).exists()


def test_nothing_is_agreed_to_on_a_shared_handset(ana: Phone) -> None:
    yes = title(ana, 0)
    Contact.objects.update(is_shared=True)
    ana.tap(yes)
    ana.say("what i get")
    assert not Consent.objects.exists()


def test_the_word_shows_what_one_gets_and_a_yes_ends_a_stop(ana: Phone) -> None:
    ana.tap(title(ana, 0))
    ana.say("BAJA")
    assert Preference.objects.get(contact=ana.contact).is_stopped
    ana.say("qué recibo")
    assert ana.offered()[0].startswith("⬜")
    ana.tap(ana.offered()[0])
    assert not Preference.objects.get(contact=ana.contact).is_stopped
    assert given(ana) == {"work": True, "reminder": False, "announcement": False}  # those were shown as off


def test_a_new_wording_is_asked_from_its_day_and_old_answers_keep_theirs(
    house: House, ana: Phone, clock: Clock
) -> None:
    hr = make_user(roles=["HR"])
    ana.tap(title(ana, 0))
    texts = {"en": "May {company} write?", "pt-br": "{company} pode escrever?", "es": "{company}: ¿nueva?"}
    later = core_clock.now() + policy.GUESSES
    services.write_wording(texts=texts, klasses=["work"], in_force_from=later, by=hr)
    with pytest.raises(InvalidInputError):
        services.write_wording(texts={**texts, "es": " "}, klasses=["work"], by=hr)
    with pytest.raises(InvalidInputError):
        services.write_wording(texts=texts, klasses=["security"], by=hr)
    with pytest.raises(NotPermittedError):
        services.write_wording(texts=texts, klasses=["work"], by=make_user(roles=["Manager"]))
    clock.wind(policy.GUESSES.total_seconds() + 1)
    bia = make_employee("Bia", phone=OTHER, language="es")
    chat = house.phone(OTHER)
    heard = chat.say(services.make_invitation(employee=bia, way="link", by=SYSTEM).code)
    assert "Recado: ¿nueva?" in heard[0]
    chat.tap(title(chat, 0))
    assert given(chat) == {"work": True}
    row = Consent.objects.get(contact=chat.contact)
    assert (row.version, "¿nueva?" in row.wording) == (1, True)
    assert set(Consent.objects.filter(contact=ana.contact).values_list("version", flat=True)) == {0}


def test_a_manager_s_stop_holds_questions_back_but_not_what_is_essential(house: House, ana: Phone) -> None:
    ana.tap(title(ana, 0))
    rui = make_employee("Rui", manager=house.ana)
    make_contact(rui)
    ana.say("STOP")
    flow = make_flow({"approver": "manager"})
    request = approvals.submit(
        flow=flow, by=rui, submission=make_submission(rui, expense_form(), what="Taxi", amount="78")
    )
    asked = OutboundMessage.objects.filter(contact=ana.contact, kind="request.asked").get()
    assert (asked.state, asked.held_reason) == ("held", "stopped")
    own = approvals.submit(flow=make_flow({"approver": "person", "person": rui}), by=house.ana,
                           submission=make_submission(house.ana, expense_form(), what="Taxi", amount="78"))  # fmt: skip
    told = OutboundMessage.objects.filter(contact=ana.contact, kind="request.submitted").get()
    assert told.state == "queued"
    assert ana.say("menu")
    ana.say("START")
    react()
    asked.refresh_from_db()
    assert asked.state == "queued"
    assert request.pk != own.pk


# --- what you hold about me -------------------------------------------------------------------------------------------


def test_a_proved_person_hears_who_they_are_and_how_much_is_kept(house: House, ana: Phone) -> None:
    ana.tap(title(ana, 0))
    approvals.submit(flow=make_flow({"approver": "person", "person": make_employee()}), by=house.ana,
                     submission=make_submission(house.ana, expense_form(), what="Secret taxi", amount="78"))  # fmt: skip
    said = ana.say("mis datos")[0]
    for words in ("Ana Lima", RECORD, house.ana.number, "1 solicitud", "RR. HH.", "30"):
        assert words in said
    assert "Secret" not in said


@pytest.mark.parametrize(
    "word", ["my data", "meus dados", "O que vocês sabem sobre mim?", "What do you hold about me?"]
)
def test_a_stranger_hears_of_their_own_address_alone_once_a_day(house: House, word: str) -> None:
    chat = house.phone(OTHER)
    said = chat.say(word)[0]
    assert OTHER in said
    assert "Ana" not in said
    assert "employee" not in said
    assert chat.say(word) == []


def test_a_suspended_phone_and_a_shared_one_hear_no_more_than_a_stranger(house: House, ana: Phone) -> None:
    Contact.objects.update(is_shared=True)
    assert "Ana" not in ana.say("my data")[0]
    Contact.objects.update(is_shared=False)
    services.report_lost(contact=ana.contact, by=SYSTEM)
    assert all("Ana" not in said for said in ana.say("my data"))


# --- two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory has one writer: the race needs PostgreSQL")
def test_the_same_code_from_two_phones_in_one_moment_wins_once(house: House) -> None:
    others = ["+5511900000051", "+5511900000052"]
    for phone in others:
        webhooks.post(house.number.account, webhooks.inbound(house.number, webhooks.text(phone, house.invitation.code)))
    parsing.parse_waiting()
    race(processing.take_up, processing.take_up)
    processing.take_up()
    assert Claim.objects.count() == 1
    assert Contact.objects.filter(employee=house.ana).count() == 0
    assert state(house) == "claimed"
