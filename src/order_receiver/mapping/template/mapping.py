"""A mapping that is one template file; see docs/how-to/write-a-mapping.md."""

from copy import copy
from pathlib import Path

from jinja2 import Template, TemplateSyntaxError

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping.asking import looking_up
from order_receiver.mapping.model import MappingContext, MappingFailed, MappingUnusable
from order_receiver.mapping.tables.lookup import NoSuchValue, table_named
from order_receiver.mapping.tables.table import NO_TABLES, ValueTables
from order_receiver.mapping.template.environment import GIVEN, Sandbox, tables_asked, unknown_names
from order_receiver.mapping.template.output import BadOutput, encode
from order_receiver.mapping.template.places import place_of, sentence
from order_receiver.mapping.template.values import FORMS
from order_receiver.orders.document import Document
from order_receiver.settings.problems import nearest

ENDING = ".j2"


class TemplateMapping:
    """Renders a template with `order` (the OrderRequest) and `context` (the MappingContext).

    The file is read and compiled once; a change counts from the next start. Raises MappingUnusable.
    """

    def __init__(self, name: str, base: Path, tables: ValueTables = NO_TABLES) -> None:
        self.tables = tables.tables
        self._base = base.resolve()
        self._file = (base / name).resolve()
        self._name = name
        kind = Path(name.removesuffix(ENDING)).suffix.removeprefix(".")
        form = FORMS.get(kind)
        if form is None:
            raise MappingUnusable(
                f"The mapping {name} must end in .json.j2, .xml.j2, .csv.j2 or .txt.j2: that says what it writes."
            )
        if not self._file.is_file():
            raise MappingUnusable(f"There is no mapping file {self._file}; correct `mapping` or create the file.")
        self._form = form
        self._template = self._compile(Sandbox(self._file.parent, form))

    def with_tables(self, tables: ValueTables) -> "TemplateMapping":
        other = copy(self)
        other.tables = tables.tables
        return other

    def _compile(self, sandbox: Sandbox) -> Template:
        try:
            template = sandbox.get_template(self._file.name)
            self._check_names(sandbox)
            self._check_tables(sandbox)
            return template
        except TemplateSyntaxError as error:
            raise MappingUnusable(
                f"The mapping {self._name} has an error in line {error.lineno}: {error.message}"
            ) from error
        except UnicodeDecodeError as error:
            raise MappingUnusable(f"The mapping {self._name} is not text in UTF-8: save it so.") from error

    def _check_names(self, sandbox: Sandbox) -> None:
        """A name that nobody gives would fail for every order. Raises MappingUnusable."""
        for line, name in unknown_names(sandbox, self._file.read_text("utf-8")):
            advice = nearest(name, [*GIVEN, "value"])
            raise MappingUnusable(
                f"The mapping {self._name} has an error in line {line}: there is no `{name}` here. {advice}".rstrip()
            )

    def _check_tables(self, sandbox: Sandbox) -> None:
        """A table whose name is written out is looked for now. Raises MappingUnusable."""
        for line, table in tables_asked(sandbox, self._file.read_text("utf-8")):
            try:
                table_named(self.tables, table)
            except NoSuchValue as error:
                raise MappingUnusable(f"The mapping {self._name} has an error in line {line}: {error}.") from error

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        """Render the template and check what came out.

        Raises MissingValues, and MappingFailed with file, line and expression.
        """
        with looking_up(context, self.tables) as asking:
            return self._rendered(order, asking)

    def _rendered(self, order: OrderRequest, context: MappingContext) -> Document:
        try:
            text = self._template.render(order=order, context=context)
            content = encode(text, self._form.extension)
        except BadOutput as error:
            raise MappingFailed(str(error), file=self._name) from error
        except Exception as error:
            place = place_of(error, self._file.parent, self._base)
            raise MappingFailed(
                sentence(error), file=place.file or self._name, line=place.line, field=place.field
            ) from error
        return Document(content, self._form.media_type, self._form.extension)
