"""LoRA Viz: LoRA fine-tuning made visible, with every figure computed live."""

__version__ = "0.1.0"
