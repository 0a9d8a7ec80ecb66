"""Mutants of Python modules: an operator, a number, a name or a statement changed."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
PAIRS = [
    ("min", "max"),
    ("minimum", "maximum"),
    ("argmin", "argmax"),
    ("floor", "ceil"),
    ("any", "all"),
    ("zeros", "ones"),
    ("sin", "cos"),
]
NAMED = dict(PAIRS) | {second: first for first, second in PAIRS}


@dataclass(frozen=True)
class Mutant:
    """A source with one change, which `change` tells."""

    path: Path
    line: int
    column: int
    change: str
    source: str


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield `node` with one change each."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        yield ast.Compare(
            node.left, [COMPARED[type(node.ops[0])](), *node.ops[1:]], node.comparators
        )
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        changed = copy.copy(node)
        changed.op = COMPUTED[type(node.op)]()
        yield changed
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Name) and node.id in NAMED and isinstance(node.ctx, ast.Load):
        yield ast.Name(NAMED[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in NAMED:
        yield ast.Attribute(node.value, NAMED[node.attr], node.ctx)
    elif isinstance(node, ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass()


def _other_constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 1.5 + 0.1)


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of the functions, methods and assigned values of a file."""
    tree = ast.parse(path.read_text())
    for parent, field, place, node in list(_places(tree)):
        for changed in variants(node):
            _put(parent, field, place, ast.copy_location(changed, node))
            source = ast.unparse(ast.fix_missing_locations(tree))
            change = f"{ast.unparse(node)} -> {ast.unparse(changed)}"
            yield Mutant(path, node.lineno, node.col_offset, change, source)
            _put(parent, field, place, node)


Place = tuple[ast.AST, str, int | None, ast.expr | ast.stmt]
MUTATED = ast.expr | ast.AugAssign | ast.Raise | ast.Expr


def _places(tree: ast.AST) -> Iterator[Place]:
    """Yield what is mutated and its places; no annotations, no messages of errors."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef):
            for number, statement in enumerate(scope.body):
                if isinstance(statement, MUTATED):
                    yield scope, "body", number, statement
                yield from _inside(statement)
        elif isinstance(scope, ast.Module | ast.ClassDef):
            for statement in scope.body:
                if isinstance(statement, ast.Assign | ast.AnnAssign):
                    yield from _inside(statement)


def _inside(node: ast.AST) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "exc"):
            continue
        entries = enumerate(value) if isinstance(value, list) else [(None, value)]
        for place, child in entries:
            if isinstance(child, MUTATED):
                yield node, field, place, child
            if isinstance(child, ast.AST) and not isinstance(child, ast.FunctionDef):
                yield from _inside(child)


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node
