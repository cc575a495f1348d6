"""Models of a reader's own in a real browser: uploads, sizes, names, and their links."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

from harness.browser import (
    THIS_MACHINE,
    assert_no_exception,
    new_context,
    open_page,
    requested_hosts,
    wait_until_idle,
)
from harness.server import AppServer

GPT2 = "442,368"  # what PEFT trains of GPT-2 at r = 8
SMALL_LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 256,
    "intermediate_size": 688,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "vocab_size": 8000,
}
SMALL_LLAMA_PARAMETERS = "6,998,272"
SLIDER_WAITS_MS = 500  # Streamlit's slider takes a value 200 ms after the last key
REFUSED = {
    b"hello": "This file is not JSON",
    json.dumps(SMALL_LLAMA | {"hidden_size": -64}).encode(): "“hidden_size” is -64",
    json.dumps(SMALL_LLAMA | {"hidden_size": "many"}).encode(): "it should be a whole number",
    json.dumps(SMALL_LLAMA | {"num_hidden_layers": 10**9}).encode(): "from 0 to 400",
}


def open_own_model(page: Page) -> None:
    """Show GPT-2, and the place in the sidebar for another model."""
    open_page(page, "/", GPT2)
    page.get_by_test_id("stSidebar").get_by_text("Your own model").click()
    expect(page.get_by_role("button", name="Use these sizes")).to_be_visible()
    wait_until_idle(page)


def upload(page: Page, content: bytes) -> None:
    """Give the sidebar this file."""
    page.locator("input[type=file]").set_input_files(
        {"name": "config.json", "mimeType": "application/json", "buffer": content}
    )


def model_in_link(page: Page) -> str:
    """The model that a copied link would name."""
    return parse_qs(urlsplit(page.url).query).get("model", [""])[0]


def test_a_refused_file_gets_one_message_and_a_good_one_is_shown(
    page: Page, tmp_path: Path
) -> None:
    main, messages = page.get_by_test_id("stMain"), page.get_by_test_id("stAlert")
    open_own_model(page)
    for content, reason in REFUSED.items():
        upload(page, content)
        expect(messages).to_contain_text([reason])  # this message and no other
        expect(messages).to_contain_text(["The model stays GPT-2 small."])
        expect(main).to_contain_text(GPT2)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 50_000_000)
    page.locator("input[type=file]").set_input_files(large)
    message = page.get_by_test_id("stSidebar").get_by_text("File must be 1.0MB or smaller")
    box = message.bounding_box()
    assert box and box["height"] > 10, "only a screen reader hears the message"
    expect(page.get_by_test_id("stSidebar")).to_contain_text("In use now: GPT-2 small")

    upload(page, json.dumps(SMALL_LLAMA).encode())
    expect(main).to_contain_text(SMALL_LLAMA_PARAMETERS)
    wait_until_idle(page)
    assert model_in_link(page).startswith("upload:")
    open_page(page, page.url, SMALL_LLAMA_PARAMETERS)
    open_page(page, "/?model=upload:0123456789abcdef", "upload it again")
    assert_no_exception(page)


def move(slider: Locator, key: str, value: str) -> None:
    """Press a key on a slider, and give Streamlit the moment after which it takes the value."""
    slider.press(key)
    expect(slider).to_have_value(value)
    slider.page.wait_for_timeout(SLIDER_WAITS_MS)


def test_sizes_and_names_of_ones_own(page: Page) -> None:
    main, messages = page.get_by_test_id("stMain"), page.get_by_test_id("stAlert")
    open_own_model(page)
    form = page.get_by_test_id("stForm")
    layers, width = form.get_by_role("slider").nth(0), form.get_by_role("slider").nth(1)
    use = form.get_by_role("button", name="Use these sizes")
    move(width, "ArrowRight", "832")
    use.click()
    expect(messages).to_contain_text(["832 cannot be shared by 12 heads"])
    wait_until_idle(page)
    move(width, "ArrowLeft", "768")
    move(layers, "ArrowLeft", "11")
    use.click()
    expect(main).to_contain_text("Custom GPT-2")
    wait_until_idle(page)
    assert model_in_link(page) == "custom:11x768x12x50257x1024"
    name = page.get_by_test_id("stSidebar").get_by_role("combobox").first
    name.fill("lora-viz/no-such-model")
    name.press("Enter")
    expect(messages).to_contain_text([re.compile("The hub .*no-such-model")])
    assert_no_exception(page)


def test_a_link_cannot_make_the_browser_ask_another_site(
    browser: Browser, server: AppServer
) -> None:
    picture = "![x](http://other.example/x.png)"
    with new_context(browser, server.url) as context:
        hosts = requested_hosts(context)
        page = context.new_page()
        open_page(page, f"/?rank={quote(picture)}", picture)
        open_page(page, f"/?targets={quote('.*c_attn|`' + picture)}", picture)
        open_page(page, f"/?model={quote(picture)}", picture)
    assert hosts <= THIS_MACHINE


def test_enter_takes_the_first_listed_model_and_the_line_of_peft_is_on_the_first_screen(
    browser: Browser, server: AppServer
) -> None:
    """The list itself offers what was typed as a new choice, above the models that it shows."""
    with new_context(browser, server.url, (1280, 720)) as context:
        page = context.new_page()
        open_page(page, "/parameters", GPT2)
        box = page.get_by_test_id("stSidebar").get_by_role("combobox").first
        box.fill("qwen3")
        first = page.get_by_role("option").nth(1).inner_text()
        box.press("Enter")
        expect(page.get_by_test_id("stAlert")).to_contain_text(f"“qwen3” is taken for {first}")
        wait_until_idle(page)
        assert model_in_link(page) == first.lower()
        line = page.get_by_text("trainable params:").first.bounding_box()
        assert line and line["y"] + line["height"] < 720
