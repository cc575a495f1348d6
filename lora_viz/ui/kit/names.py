"""What people call a model and a method, as pages say it: the names of `lora_viz.wording`."""

from lora_viz.wording.names import architecture_name, method_name, model_name

__all__ = ["architecture_name", "method_name", "model_name"]
