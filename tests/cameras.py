"""Cameras of views in memory."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.camera import describe_pictures, no_cameras
from onet_cli.shapes.shape import Views


def describe_views(views: Views) -> NDArray[np.float32]:
    """Return the cameras (K, 8) of views, as a data set's reader does; NaN where unknown."""
    if views.world is None or views.camera is None:
        return no_cameras(len(views.images))
    return describe_pictures(views.world, views.camera, views.images.__getitem__)
