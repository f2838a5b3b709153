"""The configuration: loaded from every source by one function, checked before any job starts."""

from pipeline.configuration.given import PROFILE, Given, given
from pipeline.configuration.load import GIVEN, layers_of, load, regime, typed, value
from pipeline.configuration.messages import ConfigurationError
from pipeline.configuration.models import FAMILIES
from pipeline.configuration.reference import json_schema, reference_page
from pipeline.yaml_files import read_yaml

__all__ = [
    "FAMILIES",
    "GIVEN",
    "PROFILE",
    "ConfigurationError",
    "Given",
    "given",
    "json_schema",
    "layers_of",
    "load",
    "read_yaml",
    "reference_page",
    "regime",
    "typed",
    "value",
]
