"""Templates: what several share are macros, which get everything they show as arguments."""

from jinja2 import meta, nodes

from tests.conftest import ON_SQLITE

OF_A_REQUEST = {"g", "request", "session"}
"""Globals that are different in each request."""
pytestmark = ON_SQLITE


def parsed(app) -> dict[str, nodes.Template]:
    environment = app.jinja_env
    names = environment.list_templates(extensions=["html"])
    return {name: environment.parse(environment.loader.get_source(environment, name)[0]) for name in names}


def imported(template: nodes.Template) -> set[str]:
    return {node.template.value for node in template.find_all(nodes.FromImport)}


def test_a_macro_reads_only_its_arguments_and_what_every_template_has(app):
    templates = parsed(app)
    names = set().union(*map(imported, templates.values()))
    assert {name for name in templates if name.startswith("components/")} <= names
    everywhere = set(app.jinja_env.globals) - OF_A_REQUEST
    unknown = {name: meta.find_undeclared_variables(templates[name]) - everywhere for name in names}
    assert {name: variables for name, variables in unknown.items() if variables} == {}


def test_no_template_passes_its_variables_on_unseen(app):
    found = {
        name
        for name, template in parsed(app).items()
        if list(template.find_all(nodes.Include))
        or any(node.with_context for node in template.find_all((nodes.FromImport, nodes.Import)))
    }
    assert found == set()
