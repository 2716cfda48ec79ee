"""Which pixels of the liver are measured: rules, each with a reason for every pixel that it takes out."""

from liver_mre.core.roi.region import Region, RemovedArea, find_region
from liver_mre.core.roi.rules import NO_RULES, Removal, RoiRules

__all__ = ["NO_RULES", "Region", "Removal", "RemovedArea", "RoiRules", "find_region"]
