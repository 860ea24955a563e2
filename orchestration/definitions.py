"""Where Dagster finds the project in the working directory."""

from orchestration.defs.build import build_definitions
from orchestration.settings import load_settings

defs = build_definitions(load_settings())
