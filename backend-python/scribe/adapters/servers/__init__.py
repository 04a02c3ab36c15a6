"""PostgreSQL and Valkey from wheels, for a machine that has neither: started, watched and stopped as children."""
