"""The REST API: one module an area, each with its table of routes."""
