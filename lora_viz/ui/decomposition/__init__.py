"""The parts of the page “Decomposition”.

shapes
    ΔW, B and A to scale.
rebuild, trained
    An example ΔW rebuilt at rank r, and that of full fine-tuning.
"""
