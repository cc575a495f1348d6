"""Guided tours as data: which pages in which order, and what is said, tried and expected there.

tour
    A tour, its stops, and what a text is.
facts
    The numbers that texts name, each computed for a stop's own settings.
explainer, stakeholders, engineers
    The three tours that ship.
author
    A course's own tour, from one YAML file.
yaml_text
    YAML that anyone may have written, as plain data.
shelf
    All tours by name: those that ship, and those of the folder that the server names.
"""
