"""From one recording to results: which stages there are, their order, and what each may be handed.

Synchronous, and blind to models, storage and queues: those come in through ``ports``.
"""
