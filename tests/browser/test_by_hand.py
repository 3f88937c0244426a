"""The README's ten minutes, by clicking: two phones and a desk, no API."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import PHONE_WIDTH, Look
from tests.browser.phones import Phones

pytestmark = pytest.mark.browser


def test_a_broken_pipe_from_the_photo_to_the_closed_ticket(look: Look) -> None:
    phones = Phones(look, look.open(width=PHONE_WIDTH), "pt")
    phones.pick("Ana Beatriz Lima")
    phones.write("menu")
    phones.reads("gostaria de fazer")
    look.picture(phones.page, "phone-menu")
    phones.choose("Escolher", "Relatar um problema")
    phones.reads("Relatar um problema")
    phones.choose("Escolher", "Instalações")
    phones.reads("O que aconteceu?")
    phones.write("Cano estourado na cozinha")
    phones.reads("Envie fotos")
    for _photo in range(2):
        phones.send_sample("pipe")
    phones.reads(re.compile("2 fotos"))
    phones.tap("Pronto")
    phones.reads("Onde fica?")
    look.judge(phones.page, "the chat")
    phones.write("pular")
    phones.reads("Confira")
    phones.tap("Enviar")
    phones.reads(re.compile(r"T-\d+"))
    look.picture(phones.page, "phone-ticket")
    code = re.search(r"T-(\d+)", phones.page.locator("#messages > li.row:not(.me)").last.inner_text())
    assert code

    desk = look.open()
    look.sign_in(desk, "responder")
    look.picture(desk, "home-responder")
    look.visit(desk, f"/admin/incidents/ticket/{code[1]}/change/")
    expect(desk.locator("#content")).to_contain_text("Cano estourado na cozinha")
    look.picture(desk, "ticket")
    desk.get_by_role("button", name="Take", exact=True).click()
    expect(desk.locator("#content")).to_contain_text(re.compile("taken", re.IGNORECASE))
    look.judge(desk, "a ticket")
    phones.reads("João Pedro Santos")


def test_a_lunch_that_finance_has_to_approve(look: Look) -> None:
    phones = Phones(look, look.open(), "pt")
    phones.pick("Ana Beatriz Lima")
    phones.write("menu")
    phones.reads("gostaria de fazer")
    phones.choose("Escolher", "Enviar uma despesa")
    phones.reads("Quanto você gastou?")
    phones.write("R$ 780")
    phones.reads("Com o quê?")
    phones.write("Almoço com cliente")
    phones.reads("recibo")
    phones.send_sample("receipt")
    phones.reads("1 foto")
    phones.tap("Pronto")
    phones.reads("Confira")
    phones.tap("Enviar")
    phones.reads(re.compile(r"R-\d+"))
    phones.pick("Lucía Ortega")
    phones.reads("Sustituyes a Rafael Moura")
    look.picture(phones.page, "phones")
    phones.tap("Aprobar")
    phones.reads("Has aprobado")
    phones.pick("Grace Miller")
    phones.reads("asks for your decision")

    desk = look.open()
    look.sign_in(desk, "finance")
    expect(desk.locator("#content")).to_contain_text("Wait for your decision")
    look.picture(desk, "home-finance")
    desk.get_by_role("link", name=re.compile(r"^\d+ Wait for your decision")).click()
    desk.get_by_role("link", name=re.compile(r"R-\d+")).first.click()
    expect(desk.locator("#content")).to_contain_text("R$ 780.00")
    look.judge(desk, "a request")
    look.picture(desk, "request")
    desk.get_by_role("button", name="Approve", exact=True).click()
    expect(desk.locator("#content")).to_contain_text(re.compile("approved", re.IGNORECASE))
    phones.pick("Ana Beatriz Lima")
    phones.reads("foi aprovado")
