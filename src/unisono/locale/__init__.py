"""Words a person reads, in de, en, pl, ro: catalogues, and a pure ``say``."""
