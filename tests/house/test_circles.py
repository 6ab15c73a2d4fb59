"""No module imports itself by way of others, not even inside a function."""

import grimp


def test_imports_never_go_round():
    graph = grimp.build_graph("lifeloop")
    left = {name: set(graph.find_modules_directly_imported_by(name)) for name in graph.modules}
    while free := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted for name, wanted in left.items() if name not in free}
    assert sorted(left) == []
