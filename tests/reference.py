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


def rasterize(corners, faces, shape):
    """Largest 1 / depth at each sample, the face it is of (or -1) and its weights there, where
    `corners` (V, 3) are pixel x, pixel y and 1 / depth: each face solved at each sample."""
    nearness, drawn = np.zeros(shape), np.full(shape, -1)
    weights = np.zeros((*shape, 3))
    for f, face in enumerate(faces):
        plane = np.column_stack([corners[face, :2], np.ones(3)]).T
        for row, column in np.ndindex(*shape):
            share = np.linalg.solve(plane, [column + 0.5, row + 0.5, 1])
            near = share @ corners[face, 2]
            if share.min() >= 0 and near > nearness[row, column]:
                nearness[row, column], drawn[row, column] = near, f
                weights[row, column] = share * corners[face, 2] / near
    return nearness, drawn, weights


def simplify(vertices, faces, target):
    """Faces as a set and vertices as a dict, by trying every edge anew before each collapse."""
    points = dict(enumerate(np.asarray(vertices, dtype=float)))
    triangles = {tuple(face) for face in np.asarray(faces).tolist()}
    quadrics = {n: np.zeros((4, 4)) for n in points}
    for face in triangles:
        normal = _normal(points, face)
        size = np.linalg.norm(normal)
        plane = np.append(normal / size, -normal @ points[face[0]] / size)
        for corner in face:
            quadrics[corner] += 0.5 * size * np.outer(plane, plane)
    while len(triangles) > target:
        edges = {tuple(sorted(pair)) for f in triangles for pair in itertools.combinations(f, 2)}
        choices = sorted((*_place(points, quadrics, edge), edge) for edge in edges)
        u, v, place = next(
            (*edge, np.array(p)) for _, p, edge in choices if _legal(points, triangles, edge, p)
        )
        triangles = {
            tuple(u if corner == v else corner for corner in face)
            for face in triangles
            if not {u, v} <= set(face)
        }
        points[u] = place
        quadrics[u] = quadrics[u] + quadrics.pop(v)
        del points[v]
    return points, triangles


def _normal(points, face):
    a, b, c = (points[corner] for corner in face)
    return np.cross(b - a, c - a)


def _place(points, quadrics, edge):
    u, v = edge
    quadric = quadrics[u] + quadrics[v]
    along = points[v] - points[u]
    place = np.linalg.solve(quadric[:3, :3], -quadric[:3, 3])
    if np.linalg.norm(place - points[u] - along / 2) > 2 * np.linalg.norm(along):
        slope = quadric[:3] @ np.append(points[u], 1)
        t = -(along @ slope) / (along @ quadric[:3, :3] @ along)
        place = points[u] + np.clip(t, 0, 1) * along
    error = np.append(place, 1) @ quadric @ np.append(place, 1)
    return max(error, 0) + 1e-6 * np.trace(quadric[:3, :3]) * (along @ along), tuple(place)


def _legal(points, triangles, edge, place):
    stars = [[face for face in triangles if corner in face] for corner in edge]
    rings = [{corner for face in star for corner in face} for star in stars]
    if len((rings[0] & rings[1]) - set(edge)) != 2 or len(stars[0]) == len(stars[1]) == 3:
        return False
    for star, corner in zip(stars, edge, strict=True):
        for face in star:
            if set(edge) <= set(face):
                continue
            moved = points | {corner: np.array(place)}
            old, new = _normal(points, face), _normal(moved, face)
            if old @ new < 0.2 * np.linalg.norm(old) * np.linalg.norm(new):
                return False
            longest = max(
                np.sum((moved[a] - moved[b]) ** 2) for a, b in itertools.combinations(face, 2)
            )
            if np.linalg.norm(new) <= 0.02 * longest:
                return False
    return True
