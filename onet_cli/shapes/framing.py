"""Where an object lies in the square picture that a network is shown."""

MARGIN = 0.82
"""Share of the square picture that the object's longest side takes, as in the training views."""
