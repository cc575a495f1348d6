"""The libraries whose versions decide what is computed, and their versions here."""

from __future__ import annotations

from importlib.metadata import version

LIBRARIES = ("torch", "transformers", "peft", "accelerate")


def library_versions() -> dict[str, str]:
    """The version of each library, without loading it."""
    return {library: version(library) for library in LIBRARIES}
