"""The App in an account: installed, removed, suspended; labels and the onboarding issue of each repository."""
