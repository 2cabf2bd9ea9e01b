"""The check of the markup of every page and fragment in the tests."""

import justhtml

TARGETS = ("hx-target", "hx-include", "hx-disabled-elt", "hx-indicator")
RELATIVE = {"this", "body", "closest", "find", "next", "previous", "document", "window"}
VERBS = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")
WHOLE = (
    "<!doctype html><html lang=en><head><title>x</title></head><body><template>{}</template></body></html>"
)
NEVER = ("style", "onclick", "onload", "onsubmit", "onchange", "onerror")


def lint(html: str, *, fragment: bool) -> None:
    """Fail if markup is not valid, not accessible, or forbidden by our policy."""
    if fragment:
        # Rows are sent without a table. Only a template may contain such elements.
        html = WHOLE.format(html)
    document = justhtml.JustHTML(html, collect_errors=True, sanitize=False)
    assert not document.errors, document.errors
    for scope in scopes(document.root):
        ids = [element.attrs["id"] for element in scope if "id" in element.attrs]
        assert len(ids) == len(set(ids)), f"an id stands twice: {ids}"
        for element in scope:
            check(element, set(ids), fragment=fragment)


def scopes(root):
    """Return the elements of a document, and separately those of each template in it."""
    elements = list(walk(root))
    yield elements
    for element in elements:
        content = getattr(element, "template_content", None)
        if content is not None:
            yield from scopes(content)


def walk(node):
    for child in getattr(node, "children", None) or []:
        if getattr(child, "attrs", None) is not None:
            yield child
        yield from walk(child)


def check(element, ids: set[str], *, fragment: bool) -> None:
    attributes, name = element.attrs, element.name
    assert not set(NEVER) & set(attributes), f"inline code or style on <{name}>"
    assert not any(attribute.startswith(("hx-on", "on")) for attribute in attributes), (
        f"inline code on <{name}>"
    )
    if name == "img":
        assert "alt" in attributes, "an image has no alt"
    if name == "script":
        assert attributes.get("src", "").startswith("/static/"), "a script of somebody else's, or inline"
    if name in {"input", "select", "textarea"} and attributes.get("type") != "hidden":
        labels = {"aria-label", "aria-labelledby"} & set(attributes)
        assert labels or attributes.get("id") in ids, f"<{name}> has no label"
    if name == "label":
        assert attributes.get("for") in ids, "a label of nothing"
    if any(verb in attributes for verb in VERBS):
        assert "hx-target" in attributes, f"<{name}> acts on no target of its own"
    for attribute in TARGETS:
        selector = attributes.get(attribute, "this")
        if selector.split()[0] not in RELATIVE and not fragment:
            assert selector.removeprefix("#") in ids, f"{attribute}={selector} is not on the page"
