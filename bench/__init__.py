"""How fast the product is, how much memory it takes and how many calls it makes, against simulated vendors: ``python -m bench``."""
