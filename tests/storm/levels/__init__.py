"""The levels of the storm. Each module offers ``run(...) -> Verdict``."""
