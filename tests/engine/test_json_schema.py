"""The JSON Schema, judged by a validator that is not ours."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.scenario.json_schema import json_schema
from tui.main import main

HERE = Path(__file__).parent
RIGHT = [*sorted((HERE.parents[1] / "scenarios").glob("*.toml")), *sorted(HERE.glob("everything*.toml"))]
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

UNSEEN = {
    "it takes sizes of several tables": """
        batch_size_drop_last batch_size_too_large biases_count classes_and_units epochs_too_many comma_in_expect
        comma_none comma_one expect_brackets
        expect_one_sample expect_shape expect_transposed names_count normalisation_gamma_count
        set_classes_and_units set_inputs
        set_names too_many_steps weights_columns weights_from_to_transposed weights_rows weights_transposed
        weights_transposed_everywhere x_columns x_transposed
        y_columns y_rows y_transposed""",
    "it takes the lengths of rows beside one another": """
        comma_in_row expect_mixed expect_ragged weights_ragged x_ragged""",
    "it takes the loss and the last layer": """
        dropout_last_layer log_probabilities loss_range loss_range_softmax normalisation_after_last y_class_index
        y_negative y_not_a_distribution y_not_signs y_outside_unit_interval""",
    "it takes what is in another file, or that it is there": """
        comparison_not_there csv_class_unknown csv_classes_and_units csv_classes_missing csv_constant csv_empty_cell
        csv_folder csv_header_twice csv_inputs_count csv_no_column csv_no_header csv_not_there csv_numbers
        csv_outputs_count csv_quote csv_ragged csv_rows_past_end csv_separator csv_word_as_number""",
    "it takes the network that an address is in": """
        comparison_this expect_index_too_large expect_other_key expect_unknown_name expect_update_too_late
        goal_free_calculated arithmetic_exact_given arithmetic_exact_layer arithmetic_exact_unknown
        goal_free_later goal_free_row goal_target_itself goal_target_matrix goal_target_unknown note_address""",
    "it takes the other layers": """
        frozen_none_there frozen_tied layer_name_twice penalty_layer_twice penalty_no_biases penalty_no_biases_anywhere
        penalty_no_such_layer penalty_of_tied tied_first_layer tied_later_layer tied_no_fit tied_no_such_layer
        tied_to_tied tied_transposed_fits tied_transposed_unneeded tied_unknown_name""",
    "it takes one value compared with another": """
        classes_unknown csv_rows dampening_of_velocity dampening_without_momentum goal_bracket initialiser_bounds
        nesterov_with_dampening nesterov_without_momentum schedule_and_rate schedule_minimum""",
    "JSON has no nan, no inf, and no number too large": """
        expect_nan goal_value_nan number_overflows optimizer_rate_inf weights_inf weights_nan""",
    "JSON does not tell 1.0 from 1": "units_float",
    "it is TOML's, not a value's: Python's text files read any line end": "syntax_line_ends",
}
"""Wrong files whose fault no schema can say, and why."""
WRONG = sorted((HERE / "wrong").glob("*.toml"))


def document(file: Path) -> Any:
    """What is in a file; None where it is no TOML, and an editor says so by itself."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_a_right_file_is_valid(file: Path) -> None:
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.stem)
def test_a_wrong_file_is_not(file: Path) -> None:
    found = document(file)
    unseen = next((reason for reason, files in UNSEEN.items() if file.stem in files.split()), "")
    assert found is None or VALIDATOR.is_valid(found) is bool(unseen), unseen


def test_every_fault_that_no_schema_can_say_is_of_a_file() -> None:
    assert {name for files in UNSEEN.values() for name in files.split()} <= {file.stem for file in WRONG}


def test_the_verb_prints_it(capsys: Any) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
