"""Prints the translated template as JSON. Run by the Python of `.venv-cloud`, which has AWS's own translator."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(Path(sys.argv[1]).read_text("utf-8"))
parts = [part["Properties"] for part in template["Resources"].values() if part["Type"] == "AWS::Serverless::Function"]
for part in [template.get("Globals", {}).get("Function", {}), *parts]:
    if "CodeUri" in part:
        part["CodeUri"] = f"s3://code/{part['CodeUri']}"  # where `sam deploy` would have put it
print(json.dumps(transform(template, {}, None)))
