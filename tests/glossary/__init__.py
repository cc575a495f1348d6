"""The glossary, and how texts write its terms."""
