"""Whether a request becomes a run and a run may go on: facts from GitHub, permissions, budgets."""
