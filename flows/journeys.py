"""One Prefect flow per file in journeys/, made when Prefect loads this file. Nothing to edit here."""

from pathlib import Path

from lifeloop.flows.compiling import compile_folder

globals().update(compile_folder(Path(__file__).resolve().parents[1] / "journeys", module=__name__))
