"""The two workspaces that Muster ships with: real retail data and a synthetic software business."""

from orchestration.workspaces.retail import RetailDataMissingError, load_retail
from orchestration.workspaces.sample import load_sample

__all__ = ["RetailDataMissingError", "load_retail", "load_sample"]
