"""Story 9: a bad day. The carrier is down, loses answers, talks nonsense, slows us down and refuses the token."""

from portal.tour.driver import Desk, FailedError, Phone, Stage

TITLE = "Story 9: a bad day, and nothing is lost"
OUTBOX = "/admin/outbox/outboundmessage/"
ACCOUNT = r"/admin/providers/account/\d+/change/"
WELL = {"down_seconds": 0, "lose_answers": 0, "next_answers": {}, "storm_seconds": 0, "bad_token": False}


def play(stage: Stage) -> None:
    """Ana asks for her menu on each kind of day, and gets it once. An operator mends what needs a person."""
    stage.narrator.title(TITLE)
    ana, operator = stage.phone("Ana"), stage.desk("operator")
    try:
        carrier_is_down(stage, ana, operator)
        answers_are_lost(stage, ana)
        answers_are_nonsense(stage, ana, operator)
        carrier_slows_us_down(stage, ana)
        token_is_refused(stage, ana, operator)
    finally:
        stage.sandbox.trouble(**WELL)


def carrier_is_down(stage: Stage, ana: Phone, operator: Desk) -> None:
    stage.sandbox.trouble(down_seconds=6)
    stage.narrator.tell("      (WhatsApp is down for a while)")
    ana.say("menu")
    operator.read(f"{OUTBOX}?state__exact=queued", "tried again", what="The message waits, and the list says why",
                  seconds=15)  # fmt: skip
    stage.sandbox.trouble(**WELL)
    menu(ana, "WhatsApp is back: the menu arrives by itself")


def answers_are_lost(stage: Stage, ana: Phone) -> None:
    stage.sandbox.trouble(lose_answers=1)
    stage.narrator.tell("      (WhatsApp takes the next message, but its answer is lost on the way)")
    ana.say("menu")
    menu(ana, "Nobody knows whether it arrived; its first status settles it")
    ana.expect_silence("… and it is not sent twice", "menu|precisa")


def answers_are_nonsense(stage: Stage, ana: Phone, operator: Desk) -> None:
    stage.sandbox.trouble(next_answers={"html_502": 1})
    stage.narrator.tell("      (a gateway on the way answers with a web page instead)")
    ana.say("menu")
    operator.read(f"{OUTBOX}?state__exact=unsure", "1 outgoing", what="Nobody knows: the message is listed as unsure",
                  seconds=15)  # fmt: skip
    stage.wind(0.05, "WhatsApp has had its minute to report on it")
    menu(ana, "No word came, a second copy would harm nobody: sent again, once")


def carrier_slows_us_down(stage: Stage, ana: Phone) -> None:
    stage.sandbox.trouble(storm_seconds=3)
    stage.narrator.tell("      (WhatsApp says: too fast)")
    ana.say("menu")
    menu(ana, "The number slows down by itself, and the menu arrives")


def token_is_refused(stage: Stage, ana: Phone, operator: Desk) -> None:
    account = operator.first_link("/admin/providers/account/", ACCOUNT)
    stage.sandbox.trouble(bad_token=True)
    stage.narrator.tell("      (the access token has expired)")
    ana.say("menu")
    operator.read(
        account, "stopped", what="The account stops at once and says what to mend; no try is burnt", seconds=20
    )
    operator.read(f"{OUTBOX}?state__exact=queued", "account stopped", what="What waits says so, too", seconds=15)
    stage.sandbox.trouble(**WELL)
    operator.submit(resume_of(operator, account), "active", what="The operator mends the token and presses Resume")
    menu(ana, "The menu leaves by itself")


def resume_of(operator: Desk, account: str) -> str:
    pk = account.split("/")[-3]
    found = operator.first_link(account, rf"/admin/providers/account/{pk}/resume/?")
    if not found:
        raise FailedError("The account's page has no Resume.")
    return found


def menu(ana: Phone, what: str) -> None:
    ana.expect(what, "", button="Enviar uma despesa", seconds=90)
