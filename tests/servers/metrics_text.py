"""Reads Prometheus' text format strictly: what a scraper would refuse is an error here."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?,?\}})? (\S+)(?: -?\d+)?$")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


class Metrics:
    """One scrape. `samples` maps (name, frozenset of label pairs) to a number."""

    def __init__(self, text):
        self.samples, self.types, self.help = {}, {}, {}
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name, _, help_text = line[7:].partition(" ")
                self.help[name] = help_text
            elif line.startswith("# TYPE "):
                self._read_type(line)
            elif line and not line.startswith("#"):
                self._read_sample(line)

    def _read_type(self, line):
        _, _, name, kind = line.split(" ")
        if kind not in TYPES or name in self.types:
            raise ValueError(f"bad or repeated TYPE: {line}")
        self.types[name] = kind

    def _read_sample(self, line):
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line}")
        name, labels, value = match.groups()
        pairs = re.findall(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', labels or "")
        key = (name, frozenset(pairs))
        if key in self.samples:
            raise ValueError(f"the same sample twice: {line}")
        if len(dict(pairs)) != len(pairs):
            raise ValueError(f"a label twice: {line}")
        self.samples[key] = float(value.replace("Inf", "inf"))

    def family_of(self, name):
        """The family that a sample belongs to: histograms and summaries have several names."""
        for suffix in ("_bucket", "_count", "_sum"):
            base = name.removesuffix(suffix)
            if base != name and self.types.get(base) in ("histogram", "summary"):
                return base
        return name

    def total(self, name, **labels):
        """Sum over all samples of this name that have these labels; 0 when there are none."""
        wanted = set(labels.items())
        return sum(value for (found, pairs), value in self.samples.items()
                   if found == name and wanted <= pairs and not math.isnan(value))

    def has(self, name):
        return any(self.family_of(found) == name for found, _ in self.samples)

    def by_label(self, name, label, **labels):
        """{value of the label: sum} over the samples of this name."""
        sums = {}
        for (found, pairs), value in self.samples.items():
            pairs = dict(pairs)
            if found == name and labels.items() <= pairs.items() and label in pairs:
                sums[pairs[label]] = sums.get(pairs[label], 0) + value
        return sums
