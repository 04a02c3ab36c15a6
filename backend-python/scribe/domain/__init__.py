"""Pure values and functions of the domain: no I/O, no model, no framework."""
