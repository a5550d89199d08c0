"""Python types and JSON Schema: schemas made from types, and values of those types read from JSON."""
