"""Encoder of 3MF files."""

import io
import zipfile
from collections.abc import Iterator

import numpy as np
from trimesh import Trimesh

from onet_cli.geometry.mesh import COLOUR

_CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
_MATERIALS = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MODEL = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TYPES = (
    f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" '
    'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONS = (
    f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="{_MODEL}"/></Relationships>'
)
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same mesh gives the same bytes


def encode_3mf(mesh: Trimesh) -> bytes:
    """Return `mesh` as 3MF: one object in millimetres, with vertex colours."""
    target = io.BytesIO()
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS,
        "3D/3dmodel.model": "".join(_model(mesh)),
    }
    with zipfile.ZipFile(target, "w") as package:
        for path, text in parts.items():
            info = zipfile.ZipInfo(path, _WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, text)
    return target.getvalue()


def _model(mesh: Trimesh) -> Iterator[str]:
    colours = mesh.vertex_attributes.get(COLOUR)
    yield f'{_DECLARATION}<model unit="millimeter" xml:lang="en-US" xmlns="{_CORE}" '
    yield f'xmlns:m="{_MATERIALS}"><resources>'
    line = '<triangle v1="%d" v2="%d" v3="%d"/>'
    rows = np.asarray(mesh.faces)
    if colours is not None:
        different, of_vertex = np.unique(np.asarray(colours), axis=0, return_inverse=True)
        yield '<m:colorgroup id="2">'
        for red, green, blue in different.tolist():
            yield f'<m:color color="#{red:02X}{green:02X}{blue:02X}FF"/>'
        yield "</m:colorgroup>"
        rows = np.hstack([rows, of_vertex.ravel()[rows]])
        line = '<triangle v1="%d" v2="%d" v3="%d" pid="2" p1="%d" p2="%d" p3="%d"/>'
    looks = "" if colours is None else ' pid="2" pindex="0"'
    yield f'<object id="1" type="model"{looks}><mesh><vertices>'
    for x, y, z in np.asarray(mesh.vertices).tolist():
        yield f'<vertex x="{x:.9g}" y="{y:.9g}" z="{z:.9g}"/>'
    yield "</vertices><triangles>"
    for row in rows.tolist():
        yield line % tuple(row)
    yield '</triangles></mesh></object></resources><build><item objectid="1"/></build></model>'
