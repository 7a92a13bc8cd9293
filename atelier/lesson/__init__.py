"""A lesson as a document of blocks: what is checked, followed and shown stands on it."""
