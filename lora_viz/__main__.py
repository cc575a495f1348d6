"""`python -m lora_viz`: the command line."""

from lora_viz.cli import main

main()
