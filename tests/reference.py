"""Slow plain-numpy twins of the kernels: each states what its kernel must compute."""

import itertools

import numpy as np


def mise(field, coarse, depth, level, edge):
    """The grid in float64 and the points evaluated per round, cell by cell."""
    resolution = coarse << depth
    values = np.full((resolution + 1,) * 3, np.nan)
    step = 1 << depth
    starts = range(0, resolution, step)
    cells = {(i, j, k, step) for i in starts for j in starts for k in starts}
    wanted = np.zeros(values.shape, dtype=bool)
    wanted[::step, ::step, ::step] = True
    rounds = []
    while wanted.any():
        index = np.argwhere(wanted).astype(np.float32)
        values[wanted] = field(
            np.float32(edge) * (index / np.float32(resolution) - np.float32(0.5))
        )
        rounds.append(len(index))
        wanted[:] = False
        known = ~np.isnan(values)
        inside, outside = known & (values >= level), known & (values < level)
        for cell in list(cells):
            i, j, k, size = cell
            box = tuple(slice(start, start + size + 1) for start in (i, j, k))
            if size == 1 or not (inside[box].any() and outside[box].any()):
                continue
            half = size // 2
            cells.remove(cell)
            for a, b, c in itertools.product((0, half), repeat=3):
                cells.add((i + a, j + b, k + c, half))
            corners = tuple(slice(start, start + size + 1, half) for start in (i, j, k))
            wanted[corners] |= ~known[corners]
    for axis in range(3):
        planes = np.moveaxis(values, axis, 0)
        for n in range(1, resolution + 1):
            planes[n] = np.where(np.isnan(planes[n]), planes[n - 1], planes[n])
    return values, tuple(rounds)


def triangle_meets_cells(triangle, cells):
    """For each of `cells` (N, 3), lower corners of unit cells: does the closed cell meet it?"""
    edges = np.roll(triangle, -1, axis=0) - triangle
    axes = [*np.eye(3), np.cross(edges[0], edges[1])]
    axes += [np.cross(edge, unit) for edge in edges for unit in np.eye(3)]
    meets = np.ones(len(cells), dtype=bool)
    for axis in axes:
        low, high = (triangle @ axis).min(), (triangle @ axis).max()
        middle, reach = (cells + 0.5) @ axis, 0.5 * np.abs(axis).sum()
        meets &= (low <= middle + reach) & (high >= middle - reach)
    return meets


def voxelize_surface(triangles, resolution):
    """The closed cells of 0..R that any of `triangles` (F, 3, 3), in cells, meets."""
    cells = np.stack(np.meshgrid(*[np.arange(resolution)] * 3, indexing="ij"), -1).reshape(-1, 3)
    grid = np.zeros(len(cells), dtype=bool)
    for triangle in triangles:
        grid |= triangle_meets_cells(triangle, cells)
    return grid.reshape((resolution,) * 3)


def winding_number(triangles, points):
    """How often `triangles` (F, 3, 3) wind around each of `points` (N, 3), by solid angles.

    Source: van Oosterom & Strackee, IEEE Transactions on Biomedical Engineering 1983.
    """
    angle = np.zeros(len(points))
    for triangle in triangles:
        a, b, c = (corner - points for corner in triangle)
        la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
        volume = np.einsum("ij,ij->i", a, np.cross(b, c))
        below = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
        angle += 2 * np.arctan2(volume, below)
    return angle / (4 * np.pi)


def rasterize(points, faces, shape):
    """Largest 1 / depth at each sample and the face it is of (or -1), each face at each sample.

    `points` (V, 3) are x and y in samples times depth, and depth. Corners are rounded to 1/256 of a
    sample; a sample on an edge belongs to the face on its right, or below a level edge.
    """
    nearness, owners = np.zeros(shape, np.float32), np.full(shape, -1)
    for f, face in enumerate(faces):
        x, y = (np.rint(256 * points[face, k] / points[face, 2]).astype(int) for k in range(2))
        near = 1 / points[face, 2]
        area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
        turn = [0, 1, 2] if area > 0 else [0, 2, 1]
        x, y, near = x[turn], y[turn], near[turn]
        for row, column in np.ndindex(*shape):
            px, py = 256 * column + 128, 256 * row + 128
            weights, inside = [], area != 0
            for k in range(3):
                (ax, bx), (ay, by) = (np.roll(values, -k - 1)[:2] for values in (x, y))
                weight = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
                owned = ay > by or (ay == by and bx > ax)
                inside &= weight > 0 or (weight == 0 and owned)
                weights.append(weight)
            if inside and (seen := weights @ near / abs(area)) > nearness[row, column] * (1 + 1e-6):
                nearness[row, column], owners[row, column] = seen, f
    return nearness, owners


def simplify(vertices, faces, target):
    """Vertices as a dict and faces as a set, by trying every edge anew before each collapse.

    Only for closed meshes of which no face would turn over or become a sliver.
    """
    points = dict(enumerate(np.asarray(vertices, dtype=float)))
    triangles = {tuple(face) for face in np.asarray(faces).tolist()}
    quadrics = {n: np.zeros((4, 4)) for n in points}
    lost = dict.fromkeys(points, 0.0)
    for face in triangles:
        normal = _normal(points, face)
        size = np.linalg.norm(normal)
        plane = np.append(normal / size, -normal @ points[face[0]] / size)
        for corner in face:
            quadrics[corner] += 0.5 * size * np.outer(plane, plane)
    while len(triangles) > target:
        edges = {tuple(sorted(pair)) for f in triangles for pair in itertools.combinations(f, 2)}
        place, (u, v) = _cheapest(points, quadrics, sorted(edges))
        _check_legal(points, triangles, (u, v), place)
        before = _volume(points, triangles)
        points[u] = np.array(place)
        triangles = {
            tuple(u if corner == v else corner for corner in face)
            for face in triangles
            if not {u, v} <= set(face)
        }
        quadrics[u] = quadrics[u] + quadrics.pop(v)
        del points[v]
        lost[u] += lost.pop(v) + before - _volume(points, triangles)
    for n in sorted(points):
        gradient = sum(_normal(points, face) for face in triangles if n in face) / 6
        form = quadrics[n][:3, :3] + 1e-3 * np.trace(quadrics[n][:3, :3]) * np.eye(3)
        along = np.linalg.solve(form, gradient)
        points[n] = points[n] + lost[n] / (gradient @ along) * along
    return points, triangles


def _normal(points, face):
    a, b, c = (points[corner] for corner in face)
    return np.cross(b - a, c - a)


def _volume(points, triangles):
    return np.linalg.det([[points[corner] for corner in face] for face in triangles]).sum() / 6


def _cheapest(points, quadrics, edges):
    """Place and ends of the edge of least key: the quadric's minimum, which these meshes determine.

    `edges` are sorted; of equal keys the first place counts, and then the first edge.
    """
    ends = np.array([[points[u], points[v]] for u, v in edges])
    quadric = np.array([quadrics[u] + quadrics[v] for u, v in edges])
    places = np.linalg.solve(quadric[:, :3, :3], -quadric[:, :3, 3, None])[..., 0]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    if (np.linalg.norm(places - ends.mean(axis=1), axis=1) > 2 * length).any():
        raise ValueError("this minimum is too far away")
    area = np.trace(quadric[:, :3, :3], axis1=1, axis2=2)
    whole = np.column_stack([places, np.ones(len(places))])
    error = np.einsum("ei,eij,ej->e", whole, quadric, whole) + 1e-13 * area * length**2
    keys = np.sqrt(error**1.5 * area)
    _, place, edge = min(zip(keys, map(tuple, places), edges, strict=True))
    return place, edge


def _check_legal(points, triangles, edge, place):
    stars = [{face for face in triangles if corner in face} for corner in edge]
    rings = [{corner for face in star for corner in face} for star in stars]
    if len((rings[0] & rings[1]) - set(edge)) != 2:
        raise ValueError("this collapse pinches the surface")
    moved = points | dict.fromkeys(edge, np.array(place))
    for face in stars[0] ^ stars[1]:
        old, new = _normal(points, face), _normal(moved, face)
        if old @ new < 0.5 * np.linalg.norm(old) * np.linalg.norm(new):
            raise ValueError("this collapse turns a face")


def nearest_place(triangle, points):
    """For each of `points` (N, 3) the place of `triangle` (3, 3) nearest to it: (N, 3)."""
    a, b, c = triangle
    normal = np.cross(b - a, c - a)
    candidates = []
    for start, end in ((a, b), (b, c), (c, a)):
        along = end - start
        share = np.clip((points - start) @ along / max(along @ along, 1e-300), 0, 1)
        candidates.append(start + share[:, None] * along)
    if normal @ normal > 0:
        foot = points - ((points - a) @ normal / (normal @ normal))[:, None] * normal
        sides = [np.cross(q - p, foot - p) @ normal for p, q in ((a, b), (b, c), (c, a))]
        over = np.min(sides, axis=0) >= 0
        candidates.append(np.where(over[:, None], foot, np.inf))
    distances = [np.linalg.norm(points - place, axis=1) for place in candidates]
    return np.stack(candidates)[np.argmin(distances, axis=0), np.arange(len(points))]


def distance_to_triangles(triangles, points):
    """The least distance of each of `points` (N, 3) from `triangles` (F, 3, 3), and whose it is."""
    distances = [np.linalg.norm(points - nearest_place(t, points), axis=1) for t in triangles]
    return np.min(distances, axis=0), np.argmin(distances, axis=0)


def sees_out(blocked, direction):
    """Which cells of `blocked` a ray along `direction` leads out of, by one cell per layer.

    A ray's path is fixed where it comes in, on the far side: n layers on, it is at the nearest
    whole cell to n times the slope from where it began.
    """
    axis = int(np.argmax(np.abs(direction)))
    slopes = -np.asarray(direction) / abs(direction[axis])
    layers = blocked.shape[axis]
    seen = np.zeros(blocked.shape, dtype=bool)
    free = np.argwhere(blocked == 0)
    for layer in range(layers):
        depth = layers - 1 - layer if direction[axis] > 0 else layer
        steps = np.arange(depth + 1)[:, None]
        path = np.floor(steps * slopes + 0.5) - np.floor(depth * slopes + 0.5)
        path[:, axis] = (depth - steps[:, 0]) * np.sign(direction[axis])
        cells = free[free[:, axis] == layer]
        paths = cells[:, None] + path.astype(int)
        within = np.all((paths >= 0) & (paths < blocked.shape), axis=2)
        met = blocked[tuple(np.moveaxis(paths * within[..., None], -1, 0))].astype(bool) & within
        seen[tuple(cells.T)] = ~met.any(axis=1)
    return seen


def flood_from_corner(passable):
    """The points of `passable` (X, Y, Z) that steps along the axes join to the first corner."""
    reached = np.zeros_like(passable)
    reached[0, 0, 0] = True
    while True:
        grown = reached.copy()
        for axis in range(3):
            new, old = np.moveaxis(grown, axis, 0), np.moveaxis(reached, axis, 0)
            new[1:] |= old[:-1]
            new[:-1] |= old[1:]
        grown &= passable | reached
        if np.array_equal(grown, reached):
            return reached
        reached = grown


def lids(band, exterior):
    """The points off the band beside a point off it of which one is exterior and one hidden."""
    found = np.zeros(band.shape, bool)
    for n in range(3):
        one, other = ((slice(None),) * n + (part,) for part in (slice(None, -1), slice(1, None)))
        meet = (band[one] == 0) & (band[other] == 0) & (exterior[one] != exterior[other])
        found[one] |= meet
        found[other] |= meet
    return found


def smooth_lids(band, exterior):
    """`exterior` with points beside a lid as most of the 5 x 5 x 5 around them off the band."""
    smoothed = exterior.copy()
    for place in np.argwhere(lids(band, exterior)):
        if (place >= 2).all() and (place < np.array(band.shape) - 2).all():
            around = tuple(slice(n - 2, n + 3) for n in place)
            voters = np.count_nonzero(band[around] == 0)
            smoothed[tuple(place)] = 2 * np.count_nonzero(exterior[around]) > voters
    return smoothed


def shrink_at_lids(exterior, band, distance, reach):
    """Minus the radii of the empty balls, `reach` where hidden, and which points are lids."""
    field = np.where(exterior == 1, -distance, reach).astype(float)
    places = np.argwhere(exterior)
    lid = np.zeros(exterior.shape, bool)
    for place in np.argwhere((exterior == 0) & (band == 0)):
        if (place >= 1).all() and (place < np.array(band.shape) - 1).all():
            steps = np.linalg.norm(places - place, axis=1)
            lid[tuple(place)] = steps.min() < 1.8  # one of the 26 around it
            if lid[tuple(place)]:
                field[tuple(places.T)] = np.maximum(field[tuple(places.T)], 0.5 - steps)
    return field, lid


def distance_to_balls(exterior, radii, wanted):
    """At `wanted` (N, 3), the distance from the union of the balls around the exterior points."""
    centres, sizes = np.argwhere(exterior), radii[exterior.astype(bool)]
    return np.array([(np.linalg.norm(centres - p, axis=1) - sizes).min() for p in wanted])
