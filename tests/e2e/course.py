"""A server as a course has it: for several readers, framed by pages of its own, and new."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, expect

from harness.browser import assert_no_exception, new_context, open_page
from harness.server import AppServer


@dataclass(frozen=True)
class Course:
    """A server for several readers, the folder of their runs, and the port that may frame it."""

    server: AppServer
    runs: Path
    framing_port: int


@contextmanager
def framing_pages() -> Iterator[int]:
    """The port of a server whose pages frame the address in their own query."""

    class Framing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            framed = parse_qs(urlsplit(self.path).query).get("frame", [""])[0]
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{framed}" width="1300" height="850">'.encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Framing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def visit_first(browser: Browser, server: AppServer, link: str, title: str) -> None:
    """Be a server's first reader, and come by a link to a page that is not the start page."""
    with new_context(browser, server.url) as context:
        page = context.new_page()
        open_page(page, link, title)
        expect(page.get_by_role("heading", name=title).first).to_be_visible()
        expect(page.get_by_test_id("stTopNavSection").first).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.url == server.url + link
        assert_no_exception(page)
