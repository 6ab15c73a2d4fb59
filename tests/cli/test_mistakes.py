"""In which order mistakes are shown."""

import pytest


@pytest.mark.parametrize("words", [("validate",), ("validate", "--full")])
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [("customer:\n", "customr:\n", 'did you mean "customer"?'), ("topics:\n", "topics: [\n", "closing ] is missing")],
)
def test_a_mistake_in_the_project_file_comes_before_all_that_it_causes(run, project, words, right, wrong, said):
    file = project / "lifeloop.yaml"
    file.write_text(file.read_text().replace(right, wrong, 1))
    told = run(*words)
    assert told.code == 1
    assert said in "\n".join(told.out.splitlines()[:7])
    assert "lifeloop.yaml" in told.out.splitlines()[0] + told.out.splitlines()[1]
