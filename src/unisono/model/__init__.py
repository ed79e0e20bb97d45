"""What a party, a quote, an invoice, an amount is; what a system can do; what can go wrong. Pure: no network, clock, file, database."""
