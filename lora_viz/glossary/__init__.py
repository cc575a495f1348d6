"""The words that pages explain: each once, with its meaning, its formula and its source.

terms
    All of them by group, those of a page, and the one that a setting is named for.
term
    What is said of a word.
forms
    How running text writes a word, and where it stands in a text.
origins
    The papers and the documentation that meanings and formulas come from.
adapter_terms, format_terms, model_terms, memory_terms, training_terms
    The words of a group.
"""
