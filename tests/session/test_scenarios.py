"""The shared scenarios, played again: a change of behaviour shows here, and has to be made in TypeScript too."""

import json
from pathlib import Path

import pytest

from scripts.make_scenarios import SCENARIOS

VECTORS = Path(__file__).parent.parent / "vectors" / "session"


@pytest.mark.parametrize("make", SCENARIOS, ids=lambda make: make.__name__)
def test_the_engine_does_what_the_scenario_says(make):
    wanted = json.loads((VECTORS / f"{make.__name__}.json").read_text())

    # Through JSON, so that tuples become lists as in the file.
    assert json.loads(json.dumps(make().steps)) == wanted["steps"]


def test_there_is_a_file_for_each_scenario_and_no_other():
    assert {path.stem for path in VECTORS.glob("*.json")} == {make.__name__ for make in SCENARIOS}
