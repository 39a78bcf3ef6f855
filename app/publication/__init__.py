"""From the ledger to GitHub: what should be there, and the one way of writing it."""
