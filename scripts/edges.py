#!/usr/bin/env python3
"""Compares what Package.swift declares with what the sources import.

SwiftPM refuses an import that is not declared (--explicit-target-dependency-import-check). This script finds the other
half: a declared dependency that no file of the target imports, which would make the module map say more than is true.
"""
import json
import pathlib
import re
import subprocess
import sys

IMPORT = re.compile(r"^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:package|public|private|internal|fileprivate)\s+)?import\s+(?:\w+\s+)?(\w+)")

# Products that are named for their version alone: see Package.swift.
PINNED = {"Atomics", "DequeModule"}


def declared(target):
    """The modules that a target depends on, by name."""
    for dependency in target["dependencies"]:
        for kind in ("byName", "target", "product"):
            if kind in dependency:
                yield dependency[kind][0]


def imported(folder):
    """The modules that a folder's Swift files import, and what its C files are linked with by their module."""
    names = set()
    for file in folder.rglob("*.swift"):
        for line in file.read_text().splitlines():
            match = IMPORT.match(line)
            if match:
                names.add(match.group(1))
    return names


def main():
    package = json.loads(subprocess.run(["swift", "package", "dump-package"], capture_output=True, check=True).stdout)
    unused = []
    for target in package["targets"]:
        tests = target["type"] == "test"
        folder = pathlib.Path(target.get("path") or f"{'Tests' if tests else 'Sources'}/{target['name']}")
        names = imported(folder)
        if not names:
            continue
        for name in declared(target):
            if name not in names and name not in PINNED:
                unused.append(f"{target['name']} -> {name}")
    for edge in unused:
        print(f"edges: Package.swift declares {edge}, and no file imports it", file=sys.stderr)
    sys.exit(1 if unused else 0)


main()
