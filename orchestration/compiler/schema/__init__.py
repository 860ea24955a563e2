"""JSON Schema for editors, made from the company's own catalog: what a spec may say is offered while it is written."""

from orchestration.compiler.schema.files import sources_to_schemas

__all__ = ["sources_to_schemas"]
