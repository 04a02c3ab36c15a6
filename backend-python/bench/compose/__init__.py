"""Meetings composed from the shared voices, the same every time: the recipe is here, the audio never is."""
