"""A copy of a record with some of its fields changed; every record is a struct of msgspec's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # to a type checker a struct is a dataclass, and of this function it knows the fields and their types
    from dataclasses import replace
else:
    from msgspec.structs import replace

__all__ = ["replace"]
