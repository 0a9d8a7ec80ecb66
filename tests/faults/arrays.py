"""Call every function of `onet_cli.geometry` that takes arrays with odd ones.

`python -m tests.faults.arrays` prints a line for each function, and one for each call that ends
neither with a result nor with an OnetError, ValueError, TypeError or MemoryError: another error, a
signal, or more than `SECONDS` of processor time. Functions have processes of their own, which a
crash ends.
"""

import json
import os
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from trimesh import Trimesh

from onet_cli.errors import OnetError
from onet_cli.geometry import (
    bridges,
    camera,
    closedness,
    components,
    inpaint,
    inside,
    isosurface,
    metrics,
    mise,
    nearest,
    normals,
    occlusion,
    render,
    sampling,
    silhouette,
    simplify,
    smoothing,
    solid_field,
    surfels,
    symmetry,
    texture,
    thin,
    visibility,
    voxelize,
    watertight,
    yaw,
)

SECONDS = 10
MEMORY_BYTES = 6 * 2**30

VERTICES = np.array([[0, 0, 0], [0.4, 0, 0], [0, 0.4, 0], [0, 0, 0.4]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
POINTS = np.random.default_rng(0).random((64, 3)) - 0.5
LATTICE = np.random.default_rng(0).normal(size=(6, 6, 6)).astype(np.float32)
CAMERA = camera.Camera.orbit(30, 20, 2.0, 8)
LIGHT = occlusion.light_view(np.array([0, 0, 1.0]), 16)[None]

Calls = dict[str, Callable[..., object]]
Arguments = dict[str, tuple[Any, ...]]


def mesh(vertices: Any = VERTICES, faces: Any = FACES) -> Trimesh:
    """Return a mesh that trimesh keeps as it is."""
    return Trimesh(vertices, faces, process=False)


def rng() -> np.random.Generator:
    """Return a new generator."""
    return np.random.default_rng(0)


def ball(points: Any) -> Any:
    """Return the distance of `points` from the origin, a field."""
    return np.linalg.norm(points, axis=1).astype(np.float32)


OF_MESHES: Calls = {
    "winding_numbers": lambda v, f: inside.winding_numbers(mesh(v, f), POINTS),
    "contains": lambda v, f: inside.contains(mesh(v, f), POINTS, robust=True),
    "voxelize_surface": lambda v, f: voxelize.voxelize_surface(mesh(v, f), 8),
    "voxelize_solid": lambda v, f: voxelize.voxelize_solid(mesh(v, f), 8),
    "simplify": lambda v, f: simplify.simplify(mesh(v, f), 2),
    "vertex_normals": normals.vertex_normals,
    "smooth_normals": normals.smooth_normals,
    "face_normals": normals.face_normals,
    "band_around": lambda v, f: solid_field.band_around(v, f, 16),
    "make_watertight": lambda v, f: watertight.make_watertight(mesh(v, f), 16, keep=False),
    "find_flaw": lambda v, f: closedness.find_flaw(mesh(v, f)),
    "is_closed": lambda v, f: closedness.is_closed(mesh(v, f)),
    "component_volumes": lambda v, f: components.component_volumes(mesh(v, f)),
    "connected_parts": lambda v, f: components.connected_parts(f, len(v)),
    "sample_surface": lambda v, f: sampling.sample_surface(mesh(v, f), 10, rng()),
    "sample_near_surface": lambda v, f: sampling.sample_near_surface(mesh(v, f), 10, rng()),
    "render": lambda v, f: render.render(mesh(v, f), CAMERA, 8),
    "silhouette": lambda v, f: silhouette.silhouette(v, f, CAMERA, 8),
    "nearness": lambda v, f: silhouette.nearness(v, f, CAMERA, 8),
    "smooth_values": lambda v, f: smoothing.smooth_values(v, f, np.zeros(len(v)), 2),
    "shadow_maps": lambda v, f: occlusion.shadow_maps(
        LIGHT, v, f, np.arange(len(f), dtype=np.int32), 16
    ),
}
OF_POINTS: Calls = {
    "nearest, queries": lambda p: nearest.nearest(p, POINTS),
    "nearest, targets": lambda p: nearest.nearest(POINTS, p),
    "nearest_few, queries": lambda p: nearest.nearest_few(p, POINTS, 3, 0.5),
    "nearest_few, targets": lambda p: nearest.nearest_few(POINTS, p, 3, 0.5),
    "compare_surfaces": lambda p: metrics.compare_surfaces(p, p, p, p),
    "compare_surfaces, normals": lambda p: metrics.compare_surfaces(POINTS, p, POINTS, POINTS),
    "surfels": lambda p: surfels.surfels(p, p),
    "mirror_planes": symmetry.mirror_planes,
    "thin_points": thin.thin_points,
    "is_thin, queries": lambda p: thin.is_thin(p, POINTS),
    "is_thin, cloud": lambda p: thin.is_thin(POINTS, p),
    "compare_thin": lambda p: thin.compare_thin(p, POINTS),
    "winding_numbers, points": lambda p: inside.winding_numbers(mesh(), p),
    "contains, points": lambda p: inside.contains(mesh(), p),
    "turn": lambda p: yaw.turn(p, 30),
    "outline": camera.outline,
    "fit_distance": lambda p: camera.fit_distance(p, 0.9, 1.0),
    "every_nth": lambda p: sampling.every_nth(p, 10),
    "seen_twice, directions": lambda p: visibility.seen_twice(np.zeros((4, 4, 4), np.uint8), p),
}
OF_LATTICES: Calls = {
    "lift_gaps": lambda g: bridges.lift_gaps(g, 0.0, 10.0),
    "largest_piece": lambda g: bridges.largest_piece(g, 0.0),
    "extract_surface": lambda g: isosurface.extract_surface(g, 0.0),
    "extract_surface, level": lambda g: isosurface.extract_surface(g, np.nan),
    "fill_holes": lambda g: inpaint.fill_holes(g, np.ones(g.shape[:2])),
    "fill_holes, weights": lambda g: inpaint.fill_holes(np.ones((6, 6, 3)), g),
    "occupancy_iou": lambda g: metrics.occupancy_iou(g, g),
    "seen_twice": lambda g: visibility.seen_twice(g, visibility.view_directions(4)),
    "as_srgb": lambda g: texture.as_srgb(g, True),
}
OF_NUMBERS: Calls = {
    "voxelize_surface, resolution": lambda n: voxelize.voxelize_surface(mesh(), n),
    "voxelize_solid, resolution": lambda n: voxelize.voxelize_solid(mesh(), n),
    "voxelize_surface, edge": lambda n: voxelize.voxelize_surface(mesh(), 8, edge=n),
    "voxelize_solid, centre": lambda n: voxelize.voxelize_solid(mesh(), 8, centre=(n, n, n)),
    "simplify, faces": lambda n: simplify.simplify(mesh(), n),
    "render, size": lambda n: render.render(mesh(), CAMERA, n),
    "render, samples": lambda n: render.render(mesh(), CAMERA, 8, samples=n),
    "silhouette, size": lambda n: silhouette.silhouette(VERTICES, FACES, CAMERA, n),
    "silhouette, samples": lambda n: silhouette.silhouette(VERTICES, FACES, CAMERA, 8, n),
    "sample_surface, count": lambda n: sampling.sample_surface(mesh(), n, rng()),
    "sample_cube, count": lambda n: sampling.sample_cube(n, rng()),
    "make_watertight, resolution": lambda n: watertight.make_watertight(mesh(), n, keep=False),
    "make_watertight, faces": lambda n: watertight.make_watertight(mesh(), 16, keep=False, faces=n),
    "band_around, resolution": lambda n: solid_field.band_around(VERTICES, FACES, n),
    "find_exterior, views": lambda n: solid_field.find_exterior(
        solid_field.band_around(VERTICES, FACES, 16), n
    ),
    "view_directions": visibility.view_directions,
    "nearest_few, count": lambda n: nearest.nearest_few(POINTS, POINTS, n, 0.5),
    "nearest_few, within": lambda n: nearest.nearest_few(POINTS, POINTS, 3, n),
    "connected_parts, count": lambda n: components.connected_parts(FACES, n),
    "split_resolution": mise.split_resolution,
    "evaluate_grid, resolution": lambda n: mise.evaluate_grid(ball, n, 0.3),
    "evaluate_grid, level": lambda n: mise.evaluate_grid(ball, 16, n),
    "smooth_values, rounds": lambda n: smoothing.smooth_values(VERTICES, FACES, np.zeros(4), n),
    "every_nth, count": lambda n: sampling.every_nth(POINTS, n),
    "shadow_maps, resolution": lambda n: occlusion.shadow_maps(
        LIGHT, VERTICES, FACES.astype(np.int32), np.arange(4, dtype=np.int32), n
    ),
    "contains, threads": lambda n: inside.contains(mesh(), POINTS, threads=n),
    "voxelize_solid, threads": lambda n: voxelize.voxelize_solid(mesh(), 8, threads=n),
    "smooth_normals, crease": lambda n: normals.smooth_normals(VERTICES, FACES, n),
    "lift_gaps, limit": lambda n: bridges.lift_gaps(LATTICE, 0.0, n),
}


def altered(array: Any, value: float) -> Any:
    """Return a copy with one odd number."""
    copy = array.copy()
    copy.flat[copy.size // 2] = value
    return copy


def forms(array: Any) -> Iterator[tuple[str, Any]]:
    """Yield an array in other types, layouts and shapes."""
    locked = array.copy()
    locked.flags.writeable = False
    yield "as it is", array
    yield "read-only", locked
    yield "Fortran order", np.asfortranarray(array)
    yield "strided", np.repeat(array, 2, axis=0)[::2]
    yield "reversed", array[::-1]
    for kind in ("f2", "f4", ">f8", "u1", ">i8", "u8", "c16", "O", "U32"):
        with np.errstate(invalid="ignore"):
            yield kind, array.astype(kind)
    yield "empty", array[:0]
    yield "one", array[:1]
    yield "narrow", array[..., :2]
    yield "wide", np.concatenate([array, array[..., :1]], axis=-1)
    yield "flat", array.ravel()
    yield "deep", array[None]
    yield "no width", array[..., :0]


def odd_floats(array: Any) -> Arguments:
    """Return odd arrays of floating-point numbers, by name."""
    values = (np.nan, np.inf, -np.inf, 1e300, 3e38, 1e30, -1e-310)
    with np.errstate(over="ignore"):
        found = {f"{value:g}": (altered(array, value),) for value in values}
    found |= {"all nan": (array * np.nan,), "zeros": (array * 0,), "ones": (array * 0 + 1,)}
    return found | {name: (form,) for name, form in forms(array)}


def odd_meshes() -> Arguments:
    """Return vertices and faces of odd meshes, by name."""
    found = {f"vertices {name}": (odd[0], FACES) for name, odd in odd_floats(VERTICES).items()}
    found |= {f"faces {name}": (VERTICES, form) for name, form in forms(FACES)}
    for index in (4, 10**6, 10**9, 2**31, 2**32, 2**62, -1, -5, -(10**12), -(2**62)):
        found[f"index {index}"] = VERTICES, np.concatenate([FACES, [[0, 1, index]]])
    found["degenerate"] = VERTICES, FACES * 0
    found["nothing"] = VERTICES[:0], FACES[:0]
    return found


NUMBERS: Arguments = {
    str(number): (number,)
    for number in (
        *(16, 0, -1, 1, 2.5, -(10**12), 10**5, 10**9, 10**12, 2**63, 2**200),
        *(float("nan"), float("inf"), "16", None, np.int8(16)),
    )
}

CALLS = {
    name: (call, arguments)
    for calls, arguments in (
        (OF_MESHES, odd_meshes()),
        (OF_POINTS, odd_floats(POINTS)),
        (OF_LATTICES, odd_floats(LATTICE)),
        (OF_NUMBERS, NUMBERS),
    )
    for name, call in calls.items()
}


def outcomes(name: str) -> dict[str, str]:
    """Return what became of the calls of the function `name`: "result", "refused" or a fault."""
    call, arguments = CALLS[name]
    found: dict[str, str] = {}
    waiting = list(arguments)
    while waiting:
        receive, send = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(receive)
            _call_all(call, [(each, arguments[each]) for each in waiting], send)
        os.close(send)
        with os.fdopen(receive, encoding="utf-8") as pipe:
            told = [json.loads(line) for line in pipe]
        _, status = os.waitpid(process, 0)
        found |= dict(told)
        waiting = waiting[len(told) :]
        if waiting:
            found[waiting.pop(0)] = f"ended with {os.waitstatus_to_exitcode(status)}"
    return found


def _call_all(call: Callable[..., object], cases: list[tuple[str, Any]], pipe: int) -> None:
    """Make the calls, telling of each on `pipe`, and end this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.RLIM_INFINITY))
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    for name, arguments in cases:
        used = int(sum(os.times()[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY))
        try:
            call(*arguments)
            outcome = "result"
        except (OnetError, ValueError, TypeError, MemoryError):
            outcome = "refused"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        os.write(pipe, f"{json.dumps([name, outcome])}\n".encode())
    os._exit(0)


def main() -> int:
    """Print a line for each function and fault; return 1 if there was one."""
    broken = calls = 0
    for name in CALLS:
        found = outcomes(name)
        faults = {n: text for n, text in found.items() if text not in ("result", "refused")}
        calls, broken = calls + len(found), broken + len(faults)
        print(f"{name}: {len(found)} calls", flush=True)
        for case, text in faults.items():
            print(f"  {name}, {case}: {text}", flush=True)
    print(f"{calls} calls of {len(CALLS)} functions, {broken} faults")
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
