"""A run: its ledger open for work, its state, its lease, and who may say what in it."""
