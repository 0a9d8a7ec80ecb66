"""Framing of an object in a network's square input picture."""

MARGIN = 0.82
"""Length of the object's longest side as a share of the picture, as in the training views."""
