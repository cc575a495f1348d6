"""Write the colours of meaning into Streamlit's configuration and the logo: `make theme`."""

from __future__ import annotations

from pathlib import Path

from lora_viz.ui.kit.theme import logo, with_theme

REPOSITORY = Path(__file__).resolve().parent.parent
CONFIG = REPOSITORY / ".streamlit/config.toml"
LOGO = REPOSITORY / "lora_viz/ui/static/logo.svg"


def main() -> None:
    """Write both files anew."""
    CONFIG.write_text(with_theme(CONFIG.read_text(encoding="utf-8")), encoding="utf-8")
    LOGO.write_text(logo(), encoding="utf-8")


if __name__ == "__main__":
    main()
