"""What a training step takes of a GPU, from a step that is run without data, weights or memory."""
