"""A merchant's file in, rows and paragraphs out, each with the place where a person finds it in the file."""

from knowledge.readers.dispatch import ACCEPTED, file_name, read
from knowledge.readers.shape import Block, Reading, Row, Table

__all__ = ["ACCEPTED", "Block", "Reading", "Row", "Table", "file_name", "read"]
