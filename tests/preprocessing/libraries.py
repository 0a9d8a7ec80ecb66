"""A furniture library as Sweet Home 3D writes them, small."""

import zipfile

CATALOGUE = """# PluginFurnitureCatalog.properties
id=Test#Oak
name=Oak models
version=1.8
license=CC-BY 3.0 \xa9 Ana
provider=www.example.org

id#1=Oak#chair
name#1=Chaise \\u00e0 bras
category#1=Living room
icon#1=/oak/chair.png
model#1=/oak/chair/chair.obj
width#1=50
depth#1=40
height#1=90.5
creator#1=Ana

id#2=Oak#tilted
name#2=Tilted
category#2=Kitchen
model#2=/oak/tilted.obj
width#2=10
depth#2=20
height#2=30
modelRotation#2=1 0 0 0 0 1 0 -1 0
creator#2=Bo

id#3=Oak#wrong
name#3=Wrong
category#3=Kitchen
model#3=/oak/tilted.obj
width#3=wide
depth#3=20
height#3=30
creator#3=Bo
"""


def box_obj(x, y, z, material=""):
    """The text of an OBJ file: a box from the origin to (x, y, z), outward."""
    corners = [(i & 1, i >> 1 & 1, i >> 2) for i in range(8)]
    lines = [f"v {a * x} {b * y} {c * z}" for a, b, c in corners]
    lines += [f"mtllib {material}.mtl", f"usemtl {material}"] if material else []
    for quad in ("1 3 4 2", "5 6 8 7", "1 2 6 5", "3 7 8 4", "1 5 7 3", "2 4 8 6"):
        lines.append(f"f {quad}")
    return "\n".join(lines) + "\n"


def write_library(path, catalogue="PluginFurnitureCatalog.properties"):
    """Write a library of three objects, the last of them described wrongly, and return `path`."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(catalogue, CATALOGUE.encode("latin-1"))
        archive.writestr("oak/chair/chair.obj", box_obj(1, 2, 3, "oak"))
        archive.writestr("oak/chair/oak.mtl", "newmtl oak\nKd 0.6 0.4 0.2\n")
        archive.writestr("oak/tilted.obj", box_obj(1, 2, 4))
    return path
