"""What loads torch to run one training step without data; see `lora_viz.memory`."""
