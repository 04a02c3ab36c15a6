"""The air-gap proof: the pack, installed and used where there is no network, while every attempt to leave is seen.

``namespace.py`` makes a place without a network, ``watch.py`` sees every packet that would leave this machine,
``journey.py`` is what an operator and a user do there, ``pages.py`` looks into the web interface. Standard library
only, so that nothing of the product runs but what the pack installed.
"""
