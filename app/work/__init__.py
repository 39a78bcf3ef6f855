"""One run's work: its workspace and sandbox, what can be said of them, the verdict and the proposal."""
