"""What the server's log says when it starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
from lora_viz.ui.serving.server import warn_of_little_memory
import resource, sys
if sys.argv[1:]:
    resource.setrlimit(getattr(resource, sys.argv[1]), (int(sys.argv[2]), -1))
warn_of_little_memory()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not bound memory so")
@pytest.mark.parametrize(
    ("bound", "is_said"),
    [((), False), (("RLIMIT_AS", "700000000"), True), (("RLIMIT_DATA", "700000000"), True)],
    ids=str,
)
def test_a_server_that_may_take_too_little_memory_says_so(
    bound: tuple[str, ...], is_said: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, *bound], capture_output=True, text=True, check=True
    )
    assert ("pages may stay blank" in done.stderr) is is_said
