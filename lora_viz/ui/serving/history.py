"""The browser's history: an entry for each thing that a reader does, and none beside.

Streamlit makes an entry of every change of the address. Pages change it themselves too, where they
name the run that they chose, and another page comes in two pieces: its settings, then its path. So
Back would first undo what no reader has done. A small script, which stands in the page before
Streamlit's own begins, lets such a change replace the entry.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = Path(__file__).parent / "history_assets" / "history.js"
BEGINNING = b"<head>"
# of a page that is changed on its way: no earlier copy of it, no part of it, and as plain text
ANSWERED_ANOTHER_WAY = {
    b"accept-encoding",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"range",
}


class HistoryScript:
    """ASGI middleware that puts the script into every page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _asks_for_page(scope):
            await self.app(scope, receive, send)
            return
        plain = [one for one in scope["headers"] if one[0] not in ANSWERED_ANOTHER_WAY]
        await self.app({**scope, "headers": plain}, receive, _Changed(send))


class _Changed:
    """Sends an answer, with the script in it if it is a page."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None  # of a page, until all of it is there
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        body = self._body.replace(BEGINNING, BEGINNING + _script(), 1)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(body))
        for name in ("etag", "last-modified", "accept-ranges"):
            del headers[name]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _asks_for_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _is_page(start: Message) -> bool:
    """Whether an answer is a page, and no report that is saved."""
    headers = Headers(scope=start)
    is_saved = "content-disposition" in headers
    return headers.get("content-type", "").startswith("text/html") and not is_saved


@cache
def _script() -> bytes:
    return f"<script>\n{SCRIPT.read_text(encoding='utf-8')}</script>".encode()
