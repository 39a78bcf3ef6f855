"""The one forge: App authentication, a client over githubkit's typed endpoints, and our operations in thin modules.

GitHub has one adapter and therefore no port; tests and the demo point the client at `app.simulator`.
Every operation takes the `GitHub` client first and the repository as "owner/name"; what it returns are our own
tolerant dataclasses. All of them raise `app.github.errors`.
"""
