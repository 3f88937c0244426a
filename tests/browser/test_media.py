"""Everything that can be sent, both ways, in a real browser: a phone on the left, the desk on the right."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import DESK_WIDTH, PHONE_WIDTH, Look, wait_until
from tests.browser.phones import Phones

pytestmark = pytest.mark.browser

PERSON = "Ana Beatriz Lima"


def conversation(look: Look, page: Page) -> None:
    look.visit(page, "/admin/conversations/conversation/")
    page.locator("#result_list").get_by_role("link", name=PERSON).click()
    page.wait_for_load_state("networkidle")


def send(page: Page) -> None:
    page.locator("#answer .answer-send").click()
    page.wait_for_load_state("networkidle")


def doubtful(page: Page) -> int:
    """How many files on the page are kept, but not shown."""
    return page.locator("#thread .attached-card.is-doubtful").count()


MORE_DOUBTFUL = """seen => fetch(location.href).then(answer => answer.text()).then(text =>
    new DOMParser().parseFromString(text, "text/html").querySelectorAll("#thread .attached-card.is-doubtful").length > seen)"""


def everything(phones: Phones, tmp_path: Path) -> None:
    """A phone sends one of each, and one that is not what it says."""
    mine = phones.page.locator("#messages > li.row.me")
    for title in ("pipe", "voice", "figurinha|sticker", "document", "contact", "warehouse"):
        before = mine.count()
        phones.send_sample(title)
        expect(mine).to_have_count(before + 1)
    trap = tmp_path / "photo.png"
    trap.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='owned'</script></svg>")
    before = mine.count()
    phones.page.set_input_files("#file", str(trap))
    expect(mine).to_have_count(before + 1)


@pytest.mark.parametrize(("width", "scheme"), [(DESK_WIDTH, "light"), (DESK_WIDTH, "dark"), (PHONE_WIDTH, "dark"),
                                               (PHONE_WIDTH, "light")])  # fmt: skip
def test_what_a_phone_sends_is_seen_at_the_desk_and_answered(
    look: Look, tmp_path: Path, width: int, scheme: str
) -> None:
    phones = Phones(look, look.open(scheme=scheme))
    phones.pick(PERSON)
    phones.write(f"Good morning! Here is everything ({width} {scheme}).")
    phones.reads(re.compile("."))
    page = look.open(width=width, scheme=scheme)
    look.sign_in(page, "hr")
    conversation(look, page)
    before = doubtful(page)  # of another run
    everything(phones, tmp_path)
    wait_until(page, MORE_DOUBTFUL, before)  # the worker has fetched the last of them
    page.reload()
    page.wait_for_load_state("networkidle")
    thread = page.locator("#thread")
    expect(thread).to_contain_text(f"Here is everything ({width} {scheme}).")
    expect(thread.locator("audio").last).to_be_visible()
    thread.locator("img").last.scroll_into_view_if_needed()
    assert thread.locator("img").last.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert thread.locator("audio").last.evaluate(
        "audio => new Promise(done => { audio.load(); setTimeout(() => done(-1), 15000); audio.onloadedmetadata = () => done(audio.duration) })"
    ) == pytest.approx(3, abs=0.2)
    expect(thread.locator(".is-doubtful").last).to_contain_text("kept, but not shown")
    assert page.title() != "owned"
    look.judge(page, f"conversation {width}")
    look.picture(page, f"conversation-{width}-{scheme}")
    page.locator("#answer").scroll_into_view_if_needed()
    look.picture(page, f"answer-{width}-{scheme}")

    page.locator("#thread [data-quote]").last.click()
    page.fill("#answer-text", f"Thank you, we saw the pipe ({width} {scheme}).")
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF-1.4\n%%EOF")
    page.set_input_files("#answer-file", str(plan))
    send(page)
    phones.reads(f"Thank you, we saw the pipe ({width} {scheme}).")
    assert phones.page.locator("#messages > li.row:not(.me)").last.locator(".quote").count() == 1

    page.locator("#thread .bubble-acts summary").last.click()
    page.locator("#thread .bubble-emoji").last.get_by_role("button", name="👍").click()
    page.wait_for_load_state("networkidle")
    expect(phones.page.locator("#messages .reaction").last).to_contain_text("👍")
    look.picture(page, f"answered-{width}-{scheme}")
    look.picture(phones.page, f"phone-media-{scheme}")


def test_a_refused_file_keeps_what_was_typed(look: Look, tmp_path: Path) -> None:
    phones = Phones(look, look.open())
    phones.pick(PERSON)
    phones.write("hello")
    phones.reads(re.compile("."))
    page = look.open()
    look.sign_in(page, "hr")
    conversation(look, page)
    page.fill("#answer-text", "Here is the tool")
    tool = tmp_path / "tool.exe"
    tool.write_bytes(b"MZ\x90\0" + b"\0" * 64)
    page.set_input_files("#answer-file", str(tool))
    send(page)
    expect(page.locator("#answer-text")).to_have_value("Here is the tool")
    expect(page.locator("body")).to_contain_text("a program")
    look.picture(page, "answer-refused")
