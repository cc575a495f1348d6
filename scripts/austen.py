"""Jane Austen's six novels, from the Debian package `r-cran-janeaustenr`.

Needs `apt-get`, `dpkg-deb` and `pip install rdata==1.1.0`; the application needs none of them.
"""

from __future__ import annotations

import re
import subprocess
import zlib
from pathlib import Path
from typing import Any

PACKAGE = "r-cran-janeaustenr"
EDITORS_NOTE = "A NOTE ON THE TEXT"  # what a modern editor added to Northanger Abbey
HELD_OUT_SHARE = 0.025  # of each novel, at its end


def read_novels(folder: Path) -> dict[str, str]:
    """Download the package into `folder` and return each novel's text by the name it has there."""
    if not list(folder.glob(f"{PACKAGE}*.deb")):
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True)
    package = next(folder.glob(f"{PACKAGE}*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    data = folder / "usr/lib/R/site-library/janeaustenr/data"
    lines = _read_lazy_load_database(data / "Rdata")
    return {name: _clean("\n".join(text)) for name, text in lines.items()}


def split(novel: str) -> tuple[str, str]:
    """The part to train on and the part held out, cut between two paragraphs."""
    cut = novel.index("\n\n", int(len(novel) * (1 - HELD_OUT_SHARE)))
    return novel[:cut].strip(), novel[cut:].strip()


def _read_lazy_load_database(stem: Path) -> dict[str, list[str]]:
    """R's lazy-load database: an index of (offset, length), and zlib streams after 4 bytes each."""
    index = _from_r(stem.with_suffix(".rdx").read_bytes())["variables"]
    data = stem.with_suffix(".rdb").read_bytes()
    return {
        str(name): list(_from_r(zlib.decompress(data[offset + 4 : offset + length])))
        for name, (offset, length) in index.items()
    }


def _from_r(serialised: bytes) -> Any:
    import rdata  # pyright: ignore[reportMissingImports]

    return rdata.conversion.convert(rdata.parser.parse_data(serialised))


def _clean(text: str) -> str:
    """One paragraph a line, an empty line between two; no italics marks, no editor's note."""
    text = text.split(EDITORS_NOTE)[0].replace("_", "")
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(" ".join(words) for words in map(str.split, paragraphs) if words)
