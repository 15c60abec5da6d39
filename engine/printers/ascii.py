"""Formulas in ASCII, for terminals that can show nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.printers.base import Printer


class AsciiPrinter(Printer):
    minus = "-"
    times = "*"
    dots = "..."
    infinity = "inf"
    sigma = "sum"
    approximately = "~"
    takes = "<-"
    relations: Mapping[str, str] = MappingProxyType({">": ">", ">=": ">="})
    opposites: Mapping[str, str] = MappingProxyType({">": "<=", ">=": "<"})

    def power(self, exponent: int) -> str:
        return f"^{exponent}"

    def scientific(self, mantissa: str, exponent: int) -> str:
        return f"{mantissa}e{exponent}"
