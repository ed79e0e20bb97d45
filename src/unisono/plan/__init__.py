"""Decides. Pure functions from what is seen, agreed and chosen to a plan that can be shown, tested, journalled and undone."""
