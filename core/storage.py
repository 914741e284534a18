"""A migration operation for columns of sealed bytes: nothing packs them, so PostgreSQL need not try (PostgreSQL)."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class KeepInline(Operation):
    """Stores the columns uncompressed, and within the row as long as that fits a page: no second table per lead."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, table: str, *columns: str) -> None:
        self.table = table
        self.columns = columns

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        """How the migration writer spells this operation."""
        return self.__class__.__qualname__, [self.table, *self.columns], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Storage is not part of the models' state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Set the storage of rows still to be written."""
        self._set(schema_editor, "SET (toast_tuple_target = 8160)", "EXTERNAL")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Set PostgreSQL's usual storage."""
        self._set(schema_editor, "RESET (toast_tuple_target)", "EXTENDED")

    def _set(self, schema_editor: BaseDatabaseSchemaEditor, target: str, storage: str) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        schema_editor.execute(f'ALTER TABLE "{self.table}" {target}')
        for column in self.columns:
            schema_editor.execute(f'ALTER TABLE "{self.table}" ALTER COLUMN "{column}" SET STORAGE {storage}')

    def describe(self) -> str:
        """One line for `migrate --plan`."""
        return f"Keep {', '.join(self.columns)} of {self.table} within its rows"
