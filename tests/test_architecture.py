"""Each module has a layer, and imports only its own layer and lower ones. See docs/architecture.md."""

import ast
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import imagehost
from imagehost.settings.reader import ROOT

PACKAGE = Path(imagehost.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
# From the lowest to the highest. Packages of one layer do not import each other, except for the pairs below.
LAYERS = [
    "domain",
    "files formats imaging",
    "storage db limits settings logs",
    "host",
    "services",
    "operations",
    "web cli server gunicorn",
    "app",
    "__main__",
]
RANK = {package: rank for rank, packages in enumerate(LAYERS) for package in packages.split()}
NEIGHBOURS = {
    ("imaging", "formats"),
    ("limits", "settings"),
    ("logs", "settings"),
    ("cli", "web"),
    ("cli", "server"),
    ("server", "web"),
    ("gunicorn", "server"),
    ("gunicorn", "web"),
}
"""The allowed imports between packages of one layer: importing and imported package."""
FRAMEWORKS = {
    "flask",
    "werkzeug",
    "babel",
    "jinja2",
    "flask_babel",
    "flask_migrate",
    "flask_sqlalchemy",
    "gunicorn",
}
WEB = {"web", "cli", "server", "gunicorn", "app", "__main__"}
"""Packages that may load a framework."""
ANSWERING = ("imagehost.web.blueprints", "imagehost.cli")
"""Packages of views and commands. Those have decorators, and may have the same names: index, create."""
CONVENTIONAL = {"init_app", "bp", "log", "_", "__all__"}
"""Names that each module may have, since they mean the same everywhere.

They are: what prepares the application, a blueprint, a logger, gettext, exported names.
"""


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


@cache
def imports(module: str) -> frozenset[str]:
    """Return the full names of everything that a module imports, also inside of functions."""
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
    return frozenset(found)


@cache
def attributes(module: str) -> frozenset[str]:
    """Return the text of every attribute in the code of a module, for example ``os.environ``."""
    return frozenset(ast.unparse(node) for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute))


def package_of(name: str) -> str:
    """Return the part of a name after ``imagehost``, or an empty string for names of other packages."""
    return f"{name}.".split(".")[1] if f"{name}.".startswith("imagehost.") else ""


def importers(*names: str) -> set[str]:
    """Return the modules that import one of some foreign packages."""
    return {module for module in MODULES if {name.split(".")[0] for name in imports(module)} & set(names)}


def uses(pattern: str) -> set[str]:
    """Return the modules whose code has an attribute or a call that ends with this name."""
    return {module for module in MODULES if any(text.endswith(pattern) for text in attributes(module))}


def test_each_module_has_a_layer():
    assert {module for module in MODULES if package_of(module) not in RANK} == {"imagehost"}
    assert set(RANK) == {package_of(module) for module in MODULES} - {""}


@pytest.mark.parametrize("module", [module for module in MODULES if module != "imagehost"])
def test_a_module_imports_only_lower_layers(module):
    own = package_of(module)
    wrong = {
        name
        for name in imports(module)
        if (other := package_of(name))
        and other != own
        and not (RANK[other] < RANK[own] or (own, other) in NEIGHBOURS)
    }
    assert wrong == set()


@pytest.mark.parametrize("package", [package for package in RANK if package not in WEB])
def test_a_lower_layer_loads_no_framework(package):
    """This includes indirect imports, since the modules are imported in a separate process."""
    modules = [module for module in MODULES if package_of(module) == package]
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert {name for name in loaded if name.partition(".")[0] in FRAMEWORKS} == set()
    above = {name for name in loaded if RANK.get(package_of(name), 0) > RANK[package]}
    assert above == set()


def names_of(module: str) -> set[str]:
    """The names that a module defines: constants, types and classes; functions too, unless they answer."""
    names: set[str] = set()
    for node in tree(module).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            if not (module.startswith(ANSWERING) and node.decorator_list):
                names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = (part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
            names |= {part.id for part in parts if isinstance(part.ctx, ast.Store)}
    return names


def test_a_name_is_in_one_module():
    homes: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        for name in names_of(module) - CONVENTIONAL:
            homes[name].append(module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_one_module_reads_the_request():
    readers = {module for module in MODULES if "flask.request" in imports(module)}
    assert readers == {"imagehost.web.binding"}
    assert {module for module in MODULES if "flask.g" in imports(module)} <= {
        "imagehost.web.languages",
        "imagehost.web.representations",
    }


def test_only_imaging_looks_at_pictures():
    looking = importers("PIL", "magic")
    assert looking
    assert {module for module in looking if package_of(module) != "imaging"} == set()


def test_only_the_server_knows_how_gunicorn_works():
    # gunicorn's errors mean that a body cannot be read.
    assert importers("gunicorn") <= {module for module in MODULES if package_of(module) == "server"} | {
        "imagehost.__main__",
        "imagehost.web.upload_request",
    }


def test_only_the_settings_read_the_environment():
    assert importers("environs", "dotenv") == {"imagehost.settings.reader"}
    # This module sets the path of libmagic's database for python-magic.
    allowed = {"imagehost.imaging.libmagic", "imagehost.settings.reader"}
    # This module passes variables to PostgreSQL's programs.
    allowed |= {"imagehost.operations.dumps.programs"}
    assert uses("os.environ") - allowed == set()
    assert uses("os.getenv") == set()


def test_only_use_cases_commit():
    committing = uses(".commit")
    assert committing
    assert {module for module in committing if package_of(module) not in {"services", "operations"}} == set()


def test_locks_and_atomic_writes_have_one_home():
    assert uses(".flock") == {"imagehost.files.locks"}
    assert uses("tempfile.mkstemp") == {"imagehost.files.atomic_files", "imagehost.storage.spool"}


def test_only_responses_reads_the_wanted_shape():
    readers = {module for module, path in MODULES.items() if "HX-Request" in path.read_text()}
    assert readers == {"imagehost.web.responses"}
    assert uses(".accept_mimetypes") == {"imagehost.web.responses"}
