"""The ports: only where production ships two adapters (AWS and one machine). One contract suite each.

GitHub has one adapter and therefore no port; it has a simulator at HTTP level.
"""
