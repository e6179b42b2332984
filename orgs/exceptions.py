class OrgsError(Exception):
    """Base of what this app raises."""
