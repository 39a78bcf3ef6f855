"""Many runs of one installation, played in simulated time by the real publisher, pace, store, queue and scheduler."""
