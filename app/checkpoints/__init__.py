"""What people see: one table of outcomes, the words, and the projection of a run's ledger onto GitHub. Pure."""
