"""The production topology in processes instead of containers: ``python -m topology`` (``make topology``).

Traefik with the routing files of ``deploy/traefik``, two APIs, two workers, PostgreSQL 18, Valkey and SeaweedFS. A
package of its own: ``chaos/`` draws faults at random on a stack without a proxy, ``bench/`` measures how good and how
fast the product is; here it is shown, step by step, what ``docker-compose.yml`` promises. Stack, client, books and
invariants are those of ``chaos/``.

``edge.py`` puts our addresses into the deployed files; ``site.py`` runs it all; ``long_uploads.py``, ``streams.py``,
``storm.py``, ``rolling.py`` and ``borders.py`` are what is shown; ``findings.py`` keeps the figures.
"""
