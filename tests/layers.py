"""Which module imports which, read from the source: every import counts, wherever in the module it stands."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Imports = dict[str, set[str]]


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a file's module."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str) -> set[str]:
    """Return the modules that a module imports, and each name as if it were a module of the one it comes from."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def read_sources(files: Iterable[Path], root: Path) -> dict[str, str]:
    """Return the source of each module by its name."""
    return {module_name(path, root): path.read_text(encoding="utf-8") for path in files}


def imports_of(sources: Mapping[str, str]) -> Imports:
    """Return the project's own modules that each module imports, and the names of packages outside the project."""
    packages = {name.split(".")[0] for name in sources} | sys.stdlib_module_names
    found: Imports = {}
    for name, source in sources.items():
        wanted = imported(source)
        own = {one for one in wanted if one in sources and one != name}
        # `from package import module` is an import of the module, not of the package around it.
        own -= {one for one in own if any(other.startswith(f"{one}.") for other in own)}
        found[name] = own | {top for one in wanted if (top := one.split(".")[0]) not in packages}
    return found


def layer_of(module: str, layers: Iterable[str]) -> str | None:
    """Return the layer that a module belongs to: the longest that is it, or a package around it."""
    around = [layer for layer in layers if module == layer or module.startswith(f"{layer}.")]
    return max(around, key=len, default=None)


def violations(imports: Imports, allowed: Mapping[str, Iterable[str]]) -> list[str]:
    """Return every import that the allow-list does not name, and every module that has no layer.

    Parameters
    ----------
    imports : as `imports_of` returns them
    allowed : for each layer, the layers and the top-level names of other packages that it may import
    """
    found = []
    packages = {name.split(".")[0] for name in imports}
    for module, targets in imports.items():
        layer = layer_of(module, allowed)
        if layer is None:
            found.append(f"{module} has no layer")
            continue
        for target in targets:
            other = layer_of(target, allowed) if target.split(".")[0] in packages else target
            if other != layer and other not in allowed[layer]:
                found.append(f"{module} ({layer}) imports {target}")
    return sorted(found)


def circles(imports: Imports, layers: Iterable[str] = ()) -> list[list[str]]:
    """Return the groups of modules, or of layers, that import each other in a circle."""
    layers = tuple(layers)
    graph: dict[str, set[str]] = {}
    for module, targets in imports.items():
        name = (layer_of(module, layers) or module) if layers else module
        own = {target for target in targets if target in imports}
        reached = {(layer_of(target, layers) or target) if layers else target for target in own}
        graph.setdefault(name, set()).update(reached - {name})
    return _strongly_connected(graph)


def _strongly_connected(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return strongly connected components of more than one node (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(graph.get(node, ())):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = [stack.pop()]
            while component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found
