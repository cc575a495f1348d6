"""The Plotly that comes with Python's library, for components that draw charts themselves."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

ADDRESS = "/plotly.min.js"


def library_route() -> Route:
    """The route of the server at which `ADDRESS` is found."""
    return Route(ADDRESS, _send_library)


async def _send_library(_request: Request) -> FileResponse:
    from plotly import offline

    file = Path(offline.__file__).parents[1] / "package_data" / "plotly.min.js"
    return FileResponse(file, headers={"Cache-Control": "max-age=86400"})
