"""State as JSON, once for REST answers and webhook payloads."""
