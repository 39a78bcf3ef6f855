"""The kinds of publication, each with what it wants, how urgent that is, and how it is found, made and changed.

A kind works once `app.publication.projection.KINDS` lists it, in the order in which a thread should be read.
"""
