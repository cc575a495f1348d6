"""What can be chosen, declared once.

declaration
    `Declared`, on which every set of choices stands: limits, labels, links, sentences.
scenario
    `Scenario`: all choices together, and the card.
fields
    The fields of a scenario by their subjects: model, adapter, PEFT's further settings, step.
several_cards
    Those of the cards that share a step, and the ways in which they do.
scenario_links
    Several scenarios in one link.
targets
    Names of layers, or one pattern for them, as PEFT takes them.
peft_values
    How PEFT's further settings are read.
peft_choices
    What `peft.LoraConfig` is told by a scenario.
groups
    The groups of settings, as sidebar, help and comparisons show them.
methods, optimizers, quantizations, losses, recipes
    What varies: a table of each, from which every map is derived.
"""
