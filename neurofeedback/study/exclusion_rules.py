"""Exclusion rules as expressions over the fields of a session, such as ``valid_fraction < 0.5 or practice_s < 300``.

A rule holds comparisons with numbers, joined by ``and``, ``or`` and ``not``; it calls and reads nothing else. A
rule that depends on a missing value (three-valued logic, Kleene 1952) excludes the session.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from neurofeedback.study.session_fields import RULE_FIELDS

_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_FORM = "a rule is FIELD < NUMBER, with <, <=, > or >=, joined by and, or, not"


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule."""

    text: str
    tree: ast.expr

    def excludes(self, values: Mapping[str, float | None]) -> bool:
        """Return whether a session with these values is excluded; also if missing values leave it open."""
        return _evaluate(self.tree, values) is not False


def parse_rule(text: str) -> Rule:
    """Return the rule of a text.

    Raises
    ------
    ValueError
        It is no such expression, or names an unknown field.

    Examples
    --------
    >>> rule = parse_rule("valid_fraction < 0.5 or practice_s < 300")
    >>> rule.excludes({"valid_fraction": 0.8, "practice_s": 600.0}), rule.excludes({"valid_fraction": 0.8})
    (False, True)
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{_FORM}, not {text!r}") from None
    _check(tree, text)
    return Rule(text, tree)


def _check(node: ast.expr, text: str) -> None:
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            _check(value, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check(node.operand, text)
    elif not _is_comparison(node):
        raise ValueError(f"{_FORM}, not {text!r}")


def _is_comparison(node: ast.expr) -> bool:
    """Return whether a node compares a field with a number.

    Raises
    ------
    ValueError
        The field is unknown.
    """
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        return False
    field, limit = node.left, node.comparators[0]
    if not isinstance(field, ast.Name) or _number(limit) is None:
        return False
    if field.id not in RULE_FIELDS:
        close = difflib.get_close_matches(field.id, RULE_FIELDS, n=1)
        raise ValueError(
            f"unknown field {field.id}"
            + (f" (did you mean {close[0]}?)" if close else f" (known: {', '.join(RULE_FIELDS)})")
        )
    return True


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    return None


def _evaluate(node: ast.expr, values: Mapping[str, float | None]) -> bool | None:
    """Return the value of an expression; None if it depends on a missing value."""
    if isinstance(node, ast.BoolOp):
        decisive = isinstance(node.op, ast.Or)
        found = [_evaluate(value, values) for value in node.values]
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    if isinstance(node, ast.UnaryOp):
        inner = _evaluate(node.operand, values)
        return None if inner is None else not inner
    assert isinstance(node, ast.Compare)  # noqa: S101 - parse_rule accepts nothing else
    assert isinstance(node.left, ast.Name)  # noqa: S101
    value, limit = values.get(node.left.id), _number(node.comparators[0])
    return None if value is None or limit is None else _COMPARISONS[type(node.ops[0])](value, limit)
