"""``run.json`` and its JSON Schema."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from geoharm.disclosure.released import Release, ReleasedOperation
from geoharm.report.exports.run_record.record import fill, record_text
from geoharm.report.exports.run_record.run import FORMAT, PublishedOperation, PublishedRun, RunRecord
from geoharm.report.wording.verdict import Verdict


def run_json(release: Release, verdicts: Sequence[tuple[ReleasedOperation, Verdict]]) -> str:
    """Return ``run.json`` as text; undefined numbers are null and have a note."""
    operations = tuple(PublishedOperation(operation, verdict) for operation, verdict in verdicts)
    return record_text(fill(RunRecord, PublishedRun(release, operations)))


def run_schema() -> dict[str, object]:
    """Return the JSON Schema of ``run.json`` (draft 2020-12), made from the records."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - only the schema needs it, not a run
    from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue  # noqa: PLC0415
    from pydantic_core import core_schema  # noqa: PLC0415

    class RecordSchema(GenerateJsonSchema):
        def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
            return False

        def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
            # Older versions of pydantic leave the docstring of a dataclass out.
            return super().dataclass_schema(schema) | {"description": inspect.getdoc(schema["cls"])}

    schema = TypeAdapter(RunRecord).json_schema(mode="serialization", schema_generator=RecordSchema)
    return {"$schema": RecordSchema.schema_dialect, **schema, "title": FORMAT}
