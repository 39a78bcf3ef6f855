"""The platform of one machine: SQLite, files, subprocesses, a unix socket. Mirrors `app.aws`.

Everything lives in one directory (`LAMPLIGHTER_HOME`), laid out in `app.local.folders`.
"""
