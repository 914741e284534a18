"""A migration operation that makes a table append-only in the database itself, on both engines."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$;
"""


class AppendOnly(Operation):
    """Refuses UPDATE and DELETE of any row of `table` (raw SQL too); a TRUNCATE stays possible for test databases.

    SQLite's REPLACE, which deletes the old row without asking the triggers, is refused as well.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How the migration writer spells this operation."""
        return self.__class__.__qualname__, [self.table], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Triggers are not part of the models' state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Create the triggers."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(_POSTGRES_FUNCTION, params=None)  # its % is PL/pgSQL's, not a parameter
            schema_editor.execute(
                f'CREATE TRIGGER "{self.table}_append_only" BEFORE UPDATE OR DELETE ON "{self.table}" '
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            return
        for verb in ("update", "delete"):
            schema_editor.execute(
                f'CREATE TRIGGER "{self.table}_refuse_{verb}" BEFORE {verb.upper()} ON "{self.table}" '
                f"BEGIN SELECT RAISE(ABORT, '{self.table} is append-only'); END"
            )
        schema_editor.execute(
            f'CREATE TRIGGER "{self.table}_refuse_replace" BEFORE INSERT ON "{self.table}" '
            f'WHEN EXISTS (SELECT 1 FROM "{self.table}" WHERE "id" = NEW."id") '
            f"BEGIN SELECT RAISE(ABORT, '{self.table} is append-only'); END"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop the triggers."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{self.table}_append_only" ON "{self.table}"')
            return
        for verb in ("update", "delete", "replace"):
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{self.table}_refuse_{verb}"')

    def describe(self) -> str:
        """One line for `migrate --plan`."""
        return f"Make {self.table} append-only"
