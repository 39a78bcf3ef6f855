"""What a repository may configure: read, held against a schema, its mistakes as sentences. Pure."""
