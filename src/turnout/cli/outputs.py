"""The forms of `-o`."""

from msgspec import Struct

from turnout.cli.target import Asked
from turnout.resources.document import JSON

FORMATS = ("json", "jsonpath", "name", "wide", "yaml")


class Form(Struct, frozen=True):
    """How objects are shown. `output` is empty for a table; `template` is a JSONPath's.

    `labels` and `header` are about tables.
    """

    output: str = ""
    template: str = ""
    labels: bool = False
    header: bool = True

    @property
    def table(self) -> bool:
        """Rows and columns, and not the objects themselves."""
        return self.output in {"", "wide"}

    def text(self, value: JSON) -> str:
        """An object, or a List, in this form. Raises `Asked` for a template that cannot be filled in."""
        from turnout.cli.printing import plain

        if self.output == "yaml":
            from turnout.cli.yamltext import as_yaml

            return as_yaml(plain(value))
        if self.output == "json":
            from turnout.cli.jsontext import as_json

            return as_json(plain(value))
        from turnout.cli.jsonpath import render

        return render(self.template, value)


def form_of(output: str, *, labels: bool = False, header: bool = True) -> Form:
    """The form that `-o` names. Raises `Asked` for one that there is not, and for a template that cannot be read."""
    name, _, template = output.partition("=")
    if name not in ("", *FORMATS) or (template and name != "jsonpath"):
        known = ",".join(FORMATS)
        raise Asked(
            f'error: unable to match a printer suitable for the output format "{output}", allowed formats are: {known}'
        )
    if name == "jsonpath":
        from turnout.cli.jsonpath import TemplateError, parsed

        if not template:
            raise Asked("error: template format specified but no template given")
        try:
            parsed(template)
        except TemplateError as error:
            raise Asked(f"error: error parsing jsonpath {template}, {error}") from error
    return Form(name, template, labels, header)
