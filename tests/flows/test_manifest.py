"""prefect.yaml says what is in journeys/, and needs no Prefect to be written."""

import subprocess
import sys
from pathlib import Path

from lifeloop.flows.manifest import deployments_of, manifest_text
from lifeloop.work.project import open_project

TOP = Path(__file__).parents[2]


def test_prefect_yaml_agrees_with_the_journeys_in_the_folder():
    written = (TOP / "prefect.yaml").read_text(encoding="utf-8")
    assert manifest_text(open_project(TOP)) == written, "say:  lifeloop deploy --write"


def test_no_path_of_a_machine_is_in_it(shop):
    assert str(shop.root) not in manifest_text(open_project(shop.root))


def test_a_broken_journey_keeps_its_deployment_so_that_its_mistake_is_seen(shop):
    shop.file(shop.hello).write_text(f"journey: {shop.hello}\nsteps: 3\n")
    project = open_project(shop.root)
    assert f"{shop.hello}/live" in {one.full_name for one in deployments_of(project)}


def test_upkeep_is_called_after_the_project_so_that_two_projects_may_share_a_server(shop):
    assert deployments_of(open_project(shop.root))[-1].full_name == f"upkeep/{shop.name}"


def test_writing_it_does_not_import_prefect():
    code = "import sys, lifeloop.flows.manifest; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
