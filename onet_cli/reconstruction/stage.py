"""Rendering of a mesh from several directions, in its own colours or by confidence."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.lighting import Lighting
from onet_cli.geometry.mesh import COLOUR, make_mesh
from onet_cli.geometry.render import on_white
from onet_cli.geometry.scene import Scene

ELEVATION = 25.0

AZIMUTHS = (30.0, 120.0, 210.0, 300.0)
"""Azimuths of four views in degrees."""

FROM_PHOTO = (0.0, 45.0, 90.0, 180.0)
"""Azimuths of four views in degrees relative to the photo's direction."""

SCALE = ((215, 25, 28), (253, 174, 97), (255, 255, 191), (171, 217, 233), (44, 123, 182))
"""Colours of confidence 0, 1/4, ... 1, from red to blue."""

_FILL = 0.47  # radius of the mesh's bounding sphere in the image, in image edges
_FOCAL = float(Camera.orbit(0, 0, 1, 1).camera[0, 0])  # in image edges


def colour_scale(confidence: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the sRGB colours (..., 3) of `confidence` (...), interpolated along `SCALE`."""
    stops = np.linspace(0, 1, len(SCALE))
    channels = [np.interp(confidence, stops, channel) for channel in np.transpose(SCALE)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colours


def degrees(azimuth: float) -> str:
    """Return `azimuth` as text, in degrees."""
    return f"{azimuth:.0f}\N{DEGREE SIGN}"


def photo_captions() -> list[str]:
    """Return short names of the directions `FROM_PHOTO`."""
    return ["photo", *map(degrees, FROM_PHOTO[1:])]


class Stage:
    """A mesh centred at the origin, for rendering with `view`.

    Args:
        mesh: Any mesh with faces, at any position and scale.
        confidence: (V,) to colour it by, 0 to 1; by default it has its own colours, or is grey.
    """

    def __init__(self, mesh: Trimesh, confidence: NDArray[np.floating] | None = None) -> None:
        vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
        centred = vertices - np.asarray(mesh.bounds).mean(axis=0)
        looks = Appearance.plain(len(faces))
        colours = mesh.vertex_attributes.get(COLOUR)
        self._lighting: Lighting | None = None
        if confidence is not None:
            colours = colour_scale(confidence)
        elif colours is not None:
            self._lighting = Lighting.even()
        if colours is not None:
            corners = np.asarray(colours)[faces]
            looks = Appearance((Material(),), looks.material_of_face, corner_colours=corners)
        self._scene = Scene(make_mesh(centred, faces), looks)
        radius = float(np.linalg.norm(centred, axis=1).max())
        # The distance at which the bounding sphere fits the image.
        self._distance = radius * float(np.hypot(1.0, _FOCAL / _FILL))

    def view(
        self, azimuth_deg: float, size: int, samples: int = 3, elevation_deg: float = ELEVATION
    ) -> Image.Image:
        """Render the whole mesh on white, as RGB of `size` x `size` pixels."""
        camera = Camera.orbit(azimuth_deg, elevation_deg, self._distance, size)
        drawn = self._scene.render(camera, size, self._lighting, samples)
        return Image.fromarray(on_white(drawn))
