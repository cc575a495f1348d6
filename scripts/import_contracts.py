"""A contract for import-linter: what a module imports at once, not inside its functions.

An import inside a function runs when the function is called: in a worker or a job, where loading
torch is meant. Import-linter counts it like any other, so its own `forbidden` contract cannot say
that a module may be imported without loading torch.
"""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from pathlib import Path

import grimp
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


class NotAtOnce(Contract):
    """Importing `source_modules` loads none of `forbidden_modules`, through no other module."""

    type_name = "not_at_once"
    source_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    forbidden_modules = fields.SetField(subfield=fields.ModuleExpressionField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look for chains from the source to the forbidden modules without inner imports."""
        del verbose
        remove_inner_imports(graph)
        sources = module_expressions_to_modules(graph, self.source_modules)  # pyright: ignore
        forbidden = [str(module) for module in self.forbidden_modules]  # pyright: ignore
        chains = [
            chain
            for source in sources
            for module in forbidden
            if module in graph.modules
            for chain in graph.find_shortest_chains(source.name, module, as_packages=True)
        ]
        return ContractCheck(kept=not chains, metadata={"chains": sorted(set(chains))})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each chain, as import-linter does: `who -> what`, from the importer on."""
        for chain in check.metadata["chains"]:
            output.print_error(" -> ".join(chain), bold=False)


def remove_inner_imports(graph: grimp.ImportGraph) -> None:
    """Take out of a graph all imports that stand inside functions or for type checkers only."""
    for importer in sorted(graph.modules):
        if graph.is_module_squashed(importer):
            continue
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            lines = {
                detail["line_number"]
                for detail in graph.get_import_details(importer=importer, imported=imported)
            }
            if lines <= _inner_lines(importer):
                graph.remove_import(importer=importer, imported=imported)


@cache
def _inner_lines(module: str) -> frozenset[int]:
    """The lines of a module that do not run when it is imported."""
    return frozenset(
        line
        for node in ast.walk(ast.parse(_file_of(module).read_text(encoding="utf-8")))
        if isinstance(node, ast.stmt) and _runs_later_or_never(node)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _runs_later_or_never(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) == "TYPE_CHECKING"
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)


def _file_of(module: str) -> Path:
    """Where a module stands. To look up more than the root package would import it."""
    root, *rest = module.split(".")
    spec = importlib.util.find_spec(root)
    assert spec is not None and spec.origin is not None, root
    place = Path(spec.origin).parent.joinpath(*rest)
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
