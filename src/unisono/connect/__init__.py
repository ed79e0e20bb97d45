"""The port every system offers, the one door to the network, and the pace that keeps a vendor's limits."""
