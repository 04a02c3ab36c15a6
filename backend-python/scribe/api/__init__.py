"""HTTP only: reads requests, asks ``services``, writes answers. No rule of the product lives here."""
