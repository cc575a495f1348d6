"""A job that may take too little memory says so, before a library ends the process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from lora_viz.errors import UserError, is_lack_of_memory
from lora_viz.training.jobs import memory_limits
from lora_viz.training.jobs.memory_limits import need_memory_for_libraries, need_room
from tests.training.jobs import run_here, short_settings


@pytest.mark.parametrize(
    ("limit", "megabytes"),
    [(resource.RLIMIT_AS, 1_024), (resource.RLIMIT_DATA, 307)],
    ids=["address space", "data"],
)
@pytest.mark.parametrize("what", [["train"], ["sweep", "--ranks=1"]], ids=lambda what: what[0])
def test_too_little_memory_is_one_sentence(
    limit: int, megabytes: int, what: list[str], tmp_path: Path
) -> None:
    """With these limits the process was ended by tokenizers (134) or by the system (139)."""
    bytes_allowed = megabytes * memory_limits.MB
    command = [*what, "tiny-gpt2", "--steps=1", f"--out={tmp_path / 'run'}"]
    done = subprocess.run(
        [sys.executable, "-m", "lora_viz", *command],
        env=os.environ | {"LORA_VIZ_STORAGE": str(tmp_path)},
        preexec_fn=lambda: resource.setrlimit(limit, (bytes_allowed, bytes_allowed)),
        capture_output=True,
        check=False,
    )
    option = "-v" if limit == resource.RLIMIT_AS else "-d"
    said = done.stderr.decode()
    assert done.returncode == 2 and not (tmp_path / "run").exists()
    assert said.startswith("A training job needs at least ") and said.count("\n") == 1
    assert f"“ulimit {option}” allows {megabytes:,} MB here; raise it." in said


def test_where_nothing_is_limited_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limits, "_allowed_bytes", dict)
    monkeypatch.setattr(memory_limits, "ROOM_MB", 10**15)
    need_room()
    need_memory_for_libraries()


def test_a_job_ends_in_the_sentence_where_the_rest_is_too_little(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory_limits, "_allowed_bytes", lambda: {"-v": 10**12})
    monkeypatch.setattr(memory_limits, "ROOM_MB", 10**12)
    with pytest.raises(UserError, match="MB of memory are left of what “ulimit -v”"):
        need_room()
    _run, result = run_here(tmp_path, "one", short_settings())
    assert result.state == "failed" and "MB of memory are left of what" in str(result.why)


@pytest.mark.parametrize(
    "words",
    [
        "<function WeightTransform.__init__ at 0x7f> returned NULL without setting an exception",
        "error return without exception set",
    ],
)
def test_what_python_says_where_a_library_loses_its_error_is_lack_of_memory(words: str) -> None:
    assert is_lack_of_memory(SystemError(words))
