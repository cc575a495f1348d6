"""`python -m lora_viz`: the command line."""

from lora_viz.cli.app import main

main()
