"""What may be said of tests: a record of what was executed, and one function from it to sentences. Pure.

    said = sentences(claims)      # of a `Claims`; every sentence about tests that a person reads comes from here
    marks(claims)                 # {"uncertain", "tests-changed"}, without prefix

Verification makes the record, the ledger keeps it (`verification.ended`.`claims`), pull request and comments print it.
Names of tests come from the sandbox: they are quoted, cut, and can break out of nothing.
"""

from __future__ import annotations

from app.claims.records import Claims, Ending, Reach, Round, TestEnding, TestProof
from app.claims.sentences import marks, sentences

__all__ = ["Claims", "Ending", "Reach", "Round", "TestEnding", "TestProof", "marks", "sentences"]
