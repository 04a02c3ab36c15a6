"""Breaks the real stack on purpose and checks that nothing was lost: ``python -m chaos --faults 200 --seed 7``.

``stack.py`` runs the servers, the API and the workers as separate processes; ``client.py`` is a stubborn user;
``flow.py`` keeps recordings coming; ``faults.py`` breaks things; ``invariants.py`` says what must hold all the same.
The end-to-end tests and the load benchmarks use the same stack and the same client.
"""
