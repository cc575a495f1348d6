"""The layer map in a real browser: pressing layers and blocks, with mouse and keyboard; saving."""

from __future__ import annotations

import struct
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from playwright.sync_api import Browser, Locator, Page, expect

from harness.browser import (
    PHONE,
    assert_no_exception,
    follow_navigation,
    new_context,
    open_page,
    wait_until_idle,
)
from harness.server import AppServer

ATTENTION = "442,368"  # PEFT's count for c_attn and attn.c_proj of GPT-2 at r = 8
WITH_C_FC = "811,008"  # c_fc (768 → 3072) adds the same number as mlp.c_proj (3072 → 768)


def layer(page: Page, name: str) -> Locator:
    """The box of a layer, by the name that is written in it."""
    return page.get_by_role("button", name=f"{name} has")


def press_c_fc(page: Page) -> None:
    """Open the map of GPT-2 and give c_fc LoRA."""
    open_page(page, "/layer-map", ATTENTION)
    layer(page, "c_fc").click()
    expect(page.get_by_test_id("stMain")).to_contain_text(WITH_C_FC)
    wait_until_idle(page)


def targets_in_link(page: Page) -> list[str]:
    """The target modules that a copied link would hold."""
    return parse_qs(urlsplit(page.url).query).get("targets", [""])[0].split(",")


def test_a_press_changes_link_sidebar_and_every_other_page(page: Page) -> None:
    press_c_fc(page)
    assert targets_in_link(page) == ["c_attn", "attn.c_proj", "c_fc"]
    expect(page.get_by_test_id("stSidebar")).to_contain_text("c_fc")
    expect(layer(page, "c_fc")).to_have_attribute("aria-pressed", "true")
    follow_navigation(page, "Count", "Parameters")
    expect(page.get_by_role("heading", name="Parameters").first).to_be_visible()
    expect(page.get_by_test_id("stMain")).to_contain_text(WITH_C_FC)
    assert_no_exception(page)


def test_the_keyboard_presses_too_and_keeps_its_place(page: Page) -> None:
    press_c_fc(page)
    expect(layer(page, "c_fc")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stMain")).to_contain_text(ATTENTION)
    wait_until_idle(page)
    assert targets_in_link(page) == [""]


def test_the_last_target_stays_and_the_page_says_so(page: Page) -> None:
    open_page(page, "/layer-map?targets=c_attn", "294,912")
    layer(page, "c_attn").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("is needed, so “")
    expect(page.get_by_test_id("stMain")).to_contain_text("294,912")


def test_a_stack_of_blocks_opens(page: Page) -> None:
    open_page(page, "/layer-map?model=t5-base", "Layer map")
    expect(layer(page, "EncDecAttention.q")).to_have_count(0)
    page.get_by_role("button", name="Open block decoder.block.1").click()
    expect(layer(page, "EncDecAttention.q")).to_be_visible()
    wait_until_idle(page)
    assert parse_qs(urlsplit(page.url).query)["block"] == ["decoder.block.1"]


def test_the_picture_is_saved(page: Page, tmp_path: Path) -> None:
    open_page(page, "/layer-map", ATTENTION)
    expect(layer(page, "c_fc")).to_be_visible()
    drawing = saved(page, "SVG", tmp_path)
    assert b"var(" not in drawing
    assert any(words.text == "B 2,304 × 8" for words in ElementTree.fromstring(drawing).iter())
    header = saved(page, "PNG", tmp_path)[:24]
    assert header.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", header[16:24])
    assert width >= 2 * 525 and height >= 2 * 300


def saved(page: Page, file_format: str, folder: Path) -> bytes:
    """The picture as a browser saves it."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save picture as {file_format}").click()
    assert download.value.suggested_filename == f"lora-viz-layer-map.{file_format.lower()}"
    download.value.save_as(folder / file_format)
    return (folder / file_format).read_bytes()


def test_a_phone_gets_one_column(browser: Browser, server: AppServer) -> None:
    with new_context(browser, server.url, PHONE) as context:
        page = context.new_page()
        open_page(page, "/layer-map", ATTENTION)
        head, first = layer(page, "lm_head").bounding_box(), layer(page, "c_attn").bounding_box()
        assert head and first
        assert first["y"] > head["y"] + head["height"]
        assert first["x"] + first["width"] <= PHONE[0]
