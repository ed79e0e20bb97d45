"""The storm: a simulated world that breaks everything, and an oracle that sees it. Run by ``python -m tests.storm``."""
