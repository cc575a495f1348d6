"""What a report's page runs and looks like: Plotly, packed or as it is, its scripts, its fonts."""

from __future__ import annotations

import gzip
from base64 import b64encode
from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parent / "page_assets"
FONTS = Path(__file__).parents[1] / "ui" / "static"
# family, weight, file
FACES = (
    ("Pretendard", "400", "Pretendard-Regular.subset.woff2"),
    ("Pretendard", "700", "Pretendard-Bold.subset.woff2"),
    ("JetBrains Mono NL", "400", "JetBrainsMonoNL-Regular.woff2"),
    ("JetBrains Mono NL", "700", "JetBrainsMonoNL-Bold.woff2"),
    ("Noto Emoji", "100 900", "NotoEmoji-snowflake-fire.woff2"),
)
SIGNS_ONLY = "unicode-range: U+2744, U+1F525, U+FE0F;"  # of the last of them


def asset(name: str) -> str:
    """A script or a style of `page_assets`."""
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def fonts() -> str:
    """The application's fonts as CSS that holds them; those that are not here are left out."""
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
        f"{SIGNS_ONLY if family == 'Noto Emoji' else ''} "
        f"src: url(data:font/woff2;base64,{_base64((FONTS / file).read_bytes())}); }}"
        for family, weight, file in FACES
        if (FONTS / file).is_file()
    )


@cache
def plotly_as_it_is() -> str:
    """Plotly as an element that runs before the page goes on: about 5 MB."""
    script = _plotly().decode("utf-8").replace("</script", "<\\/script")
    return f"<script>{script}</script>"


@cache
def plotly_packed() -> str:
    """Plotly as an element that `draw.js` unpacks: less than half as long."""
    packed = _base64(gzip.compress(_plotly(), 9, mtime=0))
    return f'<script type="text/plain" id="plotly">{packed}</script>'


def _plotly() -> bytes:
    import plotly  # takes a while, and pages want the fonts alone

    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")
