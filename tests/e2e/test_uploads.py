"""Files of a reader's own in a real browser: which is trained on, and that none is unseen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from harness.browser import TIMEOUT_MS, assert_no_exception, open_page, wait_until_idle
from lora_viz.format import grouped
from lora_viz.training.data.own_data import MAXIMUM_BYTES, MAXIMUM_MB

FILES = Path(__file__).parents[1] / "imports/files"
LAB = "/training-lab?model=tiny-gpt2&train-task=own&seq-len=64"
NOTHING_CHOSEN = "Upload your text or JSONL first."
SENTENCE = b"The quick brown fox jumps over the lazy dog.\n"


def text_file(folder: Path, name: str, size: int) -> Path:
    """A text of exactly so many bytes, all of them one character."""
    file = folder / name
    file.write_bytes((SENTENCE * (size // len(SENTENCE) + 1))[: size - 1] + b".")
    return file


def choose(page: Page, file: Path) -> None:
    """Give a file to the only place that the lab has for one."""
    page.get_by_test_id("stMain").locator("input[type=file]").set_input_files(file)


def expect_chosen(page: Page, file: Path) -> None:
    """This file, in its whole length, is what would be trained on, and there is no second place."""
    main, size = page.get_by_test_id("stMain"), file.stat().st_size
    expect(main).to_contain_text(f"{file.name}, in characters: ", timeout=TIMEOUT_MS)
    wait_until_idle(page)
    words = re.search(
        rf"{re.escape(file.name)}, in characters: ([\d,]+) to train on, ([\d,]+) to validate, "
        r"([\d,]+) held out",
        main.inner_text().replace(grouped(1_000)[1], ","),
    )
    assert words
    assert sum(int(number.replace(",", "")) for number in words.groups()) == size
    expect(main.locator("input[type=file]")).to_have_count(0)
    expect(start_button(page)).to_be_enabled()


def expect_none_chosen(page: Page, reason: str) -> None:
    """Nothing would be trained on, and the page says why."""
    expect(page.get_by_test_id("stMain")).to_contain_text(reason)
    expect(start_button(page)).to_be_disabled()


def start_button(page: Page) -> Locator:
    """What starts the job."""
    return page.get_by_role("button", name="Start training")


def choose_another(page: Page) -> None:
    """Let go of the chosen file."""
    page.get_by_role("button", name="Choose another file").click()
    expect(page.get_by_test_id("stMain").locator("input[type=file]")).to_have_count(1)
    wait_until_idle(page)
    expect_none_chosen(page, NOTHING_CHOSEN)


def test_every_size_that_is_promised_is_taken_and_no_older_file_is_used(
    page: Page, tmp_path: Path
) -> None:
    main = page.get_by_test_id("stMain")
    open_page(page, LAB, NOTHING_CHOSEN)
    expect(main).to_contain_text(f"of up to {MAXIMUM_MB} MB")
    expect(main).to_contain_text(f"{MAXIMUM_MB}MB per file")  # Streamlit's own words
    for name, size in {
        "small.txt": 1_060_000,
        "middle.txt": 5_000_000,
        "largest.txt": MAXIMUM_BYTES,
    }.items():
        file = text_file(tmp_path, name, size)
        choose(page, file)
        expect_chosen(page, file)
        page.reload()
        expect_chosen(page, file)
        choose_another(page)

    choose(page, text_file(tmp_path, "too-large.txt", MAXIMUM_BYTES + 1))  # the browser refuses it
    expect(main).to_contain_text(f"File must be {MAXIMUM_MB}.0MB or smaller")
    expect_none_chosen(page, NOTHING_CHOSEN)

    page.route("**/upload_file/**", lambda route: route.fulfill(status=413))
    choose(page, text_file(tmp_path, "refused-on-the-way.txt", 4_000))
    expect(main).to_contain_text("413")
    expect_none_chosen(page, NOTHING_CHOSEN)
    page.unroute("**/upload_file/**")

    choose(page, text_file(tmp_path, "short.txt", 100))  # the application refuses it
    expect_none_chosen(page, "The file was refused, so nothing is chosen; upload another.")
    expect(main).to_contain_text("short.txt is too short")
    expect(page.get_by_test_id("stFileUploaderFile")).to_have_count(0)

    page.reload()
    expect_none_chosen(page, NOTHING_CHOSEN)
    assert_no_exception(page)


def test_a_trainer_s_file_is_answered_after_one_click(page: Page) -> None:
    open_page(page, "/bring-your-own?gpu=RTX+4090", "Bring your own")
    choose(page, FILES / "axolotl_qlora.yml")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("axolotl_qlora.yml is read as axolotl.", timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Use these settings").click()
    expect(main).to_contain_text("The scenario is as the file says.", timeout=TIMEOUT_MS)
    expect(main).to_contain_text("QLoRA needs", timeout=TIMEOUT_MS)
    wait_until_idle(page)
    assert "model=llama-3.1-8b&method=qlora&rank=64" in page.url
    assert_no_exception(page)
