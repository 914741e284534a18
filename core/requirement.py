"""A migration operation that lets a statement of a batch fail where it touched other rows than it must (PostgreSQL)."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

_FUNCTION = """
CREATE FUNCTION require_rows(place int, wanted bigint, seen bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF seen <> wanted THEN RAISE EXCEPTION USING ERRCODE = 'LD001', MESSAGE = place::text; END IF;
END $$;
"""


class RequireRows(Operation):
    """Creates `require_rows(place, wanted, seen)`: SQLSTATE LD001 with the place as its message where they differ."""

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Functions are not part of the models' state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Create the function; SQLite runs statements one by one and has no use for it."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(_FUNCTION)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop the function."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("DROP FUNCTION IF EXISTS require_rows(int, bigint, bigint)")

    def describe(self) -> str:
        """One line for `migrate --plan`."""
        return "Let statements require how many rows they touch"
