"""Where the pictures of a mesh lie."""

import posixpath
from collections.abc import Callable, Sequence

Read = Callable[[str], bytes]
"""Gives the bytes of a file by its path; FileNotFoundError where there is none."""


def gazebo_places(folder: str, reference: str) -> tuple[str, str]:
    """Return where a picture may lie that a mesh in `folder` refers to.

    It is beside the mesh, or, for Gazebo, by its name in the model's folder of textures.
    """
    beside = posixpath.join(folder, reference)
    textures = posixpath.join(folder, "../materials/textures", posixpath.basename(reference))
    return posixpath.normpath(beside), posixpath.normpath(textures)


def read_from(read: Read, places: Sequence[str]) -> bytes:
    """Return the bytes of the first of `places` that is there.

    Raises:
        FileNotFoundError: none is.
    """
    for place in places[:-1]:
        try:
            return read(place)
        except FileNotFoundError:
            continue
    return read(places[-1])
