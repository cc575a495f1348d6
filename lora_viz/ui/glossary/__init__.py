"""The glossary's words on the pages: explained where they stand, and all in one list.

marks
    On every page each term explains itself where it first stands in a part of the page.
helps
    The help of a setting that is named for a term says what the term means.
words
    The page "Glossary": all terms, or those that a reader searches for.
"""
