"""What is served: folders with an application, and answers prepared for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

from harness.server import REPOSITORY


def make_application(folder: Path, script: str) -> Path:
    """A folder with this script as its application, under this project's settings and fonts."""
    shutil.copytree(REPOSITORY / ".streamlit", folder / ".streamlit")
    shutil.copytree(REPOSITORY / "lora_viz/ui/static", folder / "static")
    (folder / "app.py").write_text(script, encoding="utf-8")
    return folder


def stored_in(folder: Path) -> AbstractContextManager[object]:
    """Let this process, and those it starts meanwhile, keep their answers in this folder."""
    return patch.dict(os.environ, LORA_VIZ_STORAGE=str(folder))


def prepare_answers(folder: Path) -> Path:
    """Put the answers that `make app` prepares into this folder."""
    with stored_in(folder):
        command = [sys.executable, "-m", "lora_viz", "prepare"]
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
    return folder
