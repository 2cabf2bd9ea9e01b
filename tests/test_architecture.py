"""Layers import one way only, and what has one home stays there."""

import ast
from pathlib import Path

import pytest

import imagehost

PACKAGE = Path(imagehost.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
# Each may import those below itself, and its like.
LAYERS = [
    "server",
    "blueprints cli",
    "services",
    "models storage imaging formats",
    "upload_errors",
    "errors failures",
    "wording",
]
RANK = {layer: rank for rank, layers in enumerate(LAYERS) for layer in layers.split()}


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def imports(module: str) -> set[str]:
    """All that a module imports, by full name."""
    found: set[str] = set()
    is_package = MODULES[module].name == "__init__.py"
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            parts = parts[: len(parts) - node.level + is_package] if node.level else []
            base = ".".join([*parts, *filter(None, [node.module])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def layer(module: str) -> str:
    return f"{module}.".split(".")[1] if module.startswith("imagehost") else ""


def importers(*names: str) -> set[str]:
    """The modules that import one of some foreign packages."""
    return {module for module in MODULES if {name.split(".")[0] for name in imports(module)} & set(names)}


def uses(pattern: str) -> set[str]:
    """The modules in whose code an attribute or a call of that name stands."""
    return {
        module
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith(pattern)
    }


@pytest.mark.parametrize("module", [module for module in MODULES if layer(module) in RANK])
def test_layers_import_only_downwards(module):
    upwards = {name for name in imports(module) if RANK.get(layer(name), 99) < RANK[layer(module)]}
    assert upwards == set()


@pytest.mark.parametrize("module", [module for module in MODULES if layer(module) == "formats"])
def test_formats_know_nothing_of_the_rest(module):
    assert {name for name in imports(module) if layer(name) not in {"", "formats", "kinds"}} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if layer(module) == "server"])
def test_the_server_knows_of_the_application_only_how_it_refuses_and_logs(module):
    known = {"", "server", "header_limits", "logs", "ratelimit", "repeats"}
    assert {name for name in imports(module) if layer(name) not in known} == set()


@pytest.mark.parametrize(
    "module", [module for module in MODULES if layer(module) in {"services", "formats", "storage"}]
)
def test_services_know_nothing_of_flask(module):
    assert {name for name in imports(module) if name.split(".")[0] in {"flask", "werkzeug"}} == set()


def test_only_imaging_looks_at_pictures():
    looking = importers("PIL", "magic")
    assert looking
    assert {module for module in looking if layer(module) != "imaging"} == set()


def test_only_the_server_knows_how_gunicorn_works():
    # Its errors mean that a body cannot be read.
    assert importers("gunicorn") <= {module for module in MODULES if layer(module) == "server"} | {
        "imagehost.__main__",
        "imagehost.web.binding",
    }


def test_only_environment_reads_the_environment():
    assert importers("environs", "dotenv") == {"imagehost.settings.reader"}
    # Which sets where libmagic's database is, for python-magic.
    assert uses("os.environ") - {"imagehost.imaging.libmagic", "imagehost.settings.reader"} == set()
    assert uses("os.getenv") == set()


def test_only_services_commit():
    committing = uses(".commit")
    assert committing
    assert {module for module in committing if layer(module) != "services"} == set()


def test_only_responses_reads_what_shape_is_wanted():
    readers = {module for module, path in MODULES.items() if "HX-Request" in path.read_text()}
    assert readers == {"imagehost.web.responses"}
    assert uses(".accept_mimetypes") == {"imagehost.web.responses"}
