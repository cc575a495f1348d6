"""What can be chosen, declared once.

declaration
    `Declared`, on which every set of choices stands: limits, labels, links, sentences.
scenario
    `Scenario`: the model, the adapter, the training step and the card.
scenario_links
    Several scenarios in one link.
targets
    Names of layers, or one pattern for them, as PEFT takes them.
groups
    The groups of settings, as sidebar, help and comparisons show them.
methods, optimizers, quantizations
    What varies: a table of each, from which every map is derived.
"""
