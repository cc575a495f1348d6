"""The server: first visits, what it loads, whom it talks to, what it shows of an error."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from streamlit import config
from streamlit.testing.v1 import AppTest

from harness.browser import (
    THIS_MACHINE,
    assert_no_exception,
    new_context,
    open_page,
    requested_hosts,
)
from harness.server import AppServer
from lora_viz.ui.page_list import PAGES, page
from lora_viz.ui.serving.server import POLICY, SECURITY_HEADERS

from .course import visit_first

VISITED = [PAGES[0], *map(page, ("full_or_lora", "decomposition", "parameters", "checkpoints"))]
HEAVY_LIBRARIES = ("libtorch", "tokenizers")


def test_the_first_visit_may_be_a_deep_link(fresh_server: AppServer, browser: Browser) -> None:
    """That of the server of `test_readers` is one too, to another page."""
    visit_first(browser, fresh_server, "/decomposition?rank=16", "Decomposition")


@pytest.fixture(scope="module")
def hosts_of_a_visit(server: AppServer, browser: Browser) -> set[str]:
    """The hosts that a reader's browser asks on a first visit."""
    with new_context(browser, server.url) as context:
        hosts = requested_hosts(context)
        page = context.new_page()
        for one in VISITED:
            open_page(page, f"/{one.address}", one.headline)
            assert_no_exception(page)
    return hosts


def test_a_visit_asks_no_other_machine(hosts_of_a_visit: set[str]) -> None:
    assert hosts_of_a_visit
    assert hosts_of_a_visit <= THIS_MACHINE


@pytest.mark.usefixtures("hosts_of_a_visit")
def test_the_server_process_stays_light(server: AppServer) -> None:
    memory_map = Path(f"/proc/{server.process.pid}/maps")
    if not memory_map.exists():
        pytest.skip("needs Linux's /proc")
    libraries = memory_map.read_text()
    assert [name for name in HEAVY_LIBRARIES if name in libraries] == []


def test_the_fonts_are_the_applications_own(page: Page) -> None:
    open_page(page, "/", PAGES[0].headline)
    loaded = page.evaluate(
        "[...document.fonts].filter(font => font.status == 'loaded').map(font => font.family)"
    )
    assert "Pretendard" in loaded


def test_an_unexpected_error_is_one_sentence() -> None:
    def script() -> None:
        from lora_viz.ui.serving.server import explain_script_error

        assert explain_script_error(ZeroDivisionError("a detail nobody should see"))

    app = AppTest.from_function(script).run()
    (error,) = app.error
    assert error.value.startswith("Something went wrong")
    assert "detail" not in error.value


def test_an_error_meant_for_the_reader_says_what_it_says() -> None:
    def script() -> None:
        from lora_viz.errors import UserError
        from lora_viz.ui.serving.server import explain_script_error

        assert explain_script_error(UserError("The rank is a number from 1 to 1024."))

    app = AppTest.from_function(script).run()
    assert [error.value for error in app.error] == ["The rank is a number from 1 to 1024."]


def test_the_collection_after_every_run_can_still_be_turned_off() -> None:
    assert "runner.postScriptGC" in config.get_config_options()
    assert config.get_option("runner.postScriptGC") is False


def test_every_setting_is_known_to_this_streamlit(server: AppServer) -> None:
    assert "not a valid config option" not in server.log


def test_only_this_machine_is_answered(server: AppServer) -> None:
    other_address_of_this_machine = ("127.0.0.2", server.port)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(other_address_of_this_machine, timeout=5)


def test_answers_carry_the_security_headers(server: AppServer) -> None:
    expected = SECURITY_HEADERS | {POLICY: SECURITY_HEADERS[POLICY] + "; frame-ancestors 'self'"}
    with urllib.request.urlopen(server.url) as answer:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == expected
