"""The parts of the page “Full or LoRA”."""
