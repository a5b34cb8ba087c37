"""Reads one report as its consumer does, with other people's parsers, and prints what it found as JSON.

read.py FORMAT FILE [SCHEMA]. Whatever is not exactly as the format's own rules have it ends with a message and status 1.
"""

import csv
import json
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree
from html.parser import HTMLParser


def fail(message):
    sys.exit(f"{sys.argv[1]}: {message}")


def read_csv(raw, _):
    """RFC 4180: every line ends with CR and LF, and none has another number of cells."""
    text = raw.decode("utf-8")
    if not text.endswith("\r\n") or re.search(r"(?<!\r)\n|\r(?!\n)", text):
        fail("a line does not end with CR and LF")
    rows = list(csv.reader(text.split("\r\n")[:-1], strict=True))
    head, rows = rows[0], rows[1:]
    for row in rows:
        if len(row) != len(head):
            fail(f"{len(row)} cells under {len(head)} names: {row}")
        for name, cell in zip(head, row):
            if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and name != "days_remaining":
                fail(f"a spreadsheet takes the cell for a formula: {cell!r}")
    return [dict(zip(head, row)) for row in rows]


def read_junit(raw, schema):
    """XML 1.0 under the schema; a case is its name, its outcome and what is said of it."""
    checked = subprocess.run(
        ["xmllint", "--noout", "--nonet", "--schema", schema, "-"], input=raw, capture_output=True
    )
    if checked.returncode != 0:
        fail(checked.stderr.decode())
    cases = []
    root = xml.etree.ElementTree.fromstring(raw)
    for case in root.iter("testcase"):
        (child,) = case
        said = child.get("message") or child.text
        cases.append({"name": case.get("name"), "outcome": child.tag, "said": said})
    for element in [root, *root.iter("testsuite")]:
        for count, tag in (("failures", "failure"), ("errors", "error")):
            if int(element.get(count)) != sum(case["outcome"] == tag for case in cases):
                fail(f"{count} are {element.get(count)}")
    return cases


def read_prometheus(raw, _):
    """The exposition as promtool has it, and then its series with their labels unescaped."""
    checked = subprocess.run(["promtool", "check", "metrics"], input=raw, capture_output=True)
    if checked.returncode != 0 or checked.stderr:
        fail(checked.stderr.decode())
    label = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"')
    series = []
    for line in raw.decode("utf-8").split("\n")[:-1]:
        if line.startswith("#"):
            continue
        match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\d+)", line)
        if not match:
            fail(f"no sample: {line!r}")
        labels = {}
        rest = match.group(2) or ""
        while rest:
            part = label.match(rest)
            if not part:
                fail(f"no label: {rest!r}")
            unescaped = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
            labels[part.group(1)] = re.sub(r'\\["\\n]', lambda m: unescaped[m.group()], part.group(2))
            rest = rest[part.end():].removeprefix(",")
        series.append({"name": match.group(1), "labels": labels, "value": int(match.group(3))})
    return series


def read_sarif(raw, schema):
    """The log under the schema; its rules and results agree, URIs decoded to paths."""
    import jsonschema

    log = json.loads(raw)
    with open(schema, encoding="utf-8") as file:
        jsonschema.Draft7Validator(json.load(file)).validate(log)
    results = []
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                fail("ruleIndex and ruleId disagree")
            text = result["message"]["text"]
            if re.search(r"\[[^\]]*\]\(", text):
                fail(f"a link: {text}")
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            if urllib.parse.urlsplit(uri).scheme not in ("", "file"):
                fail(f"a scheme: {uri}")
            path = urllib.parse.unquote_to_bytes(uri.removeprefix("file://"))
            results.append({
                "rule": result["ruleId"],
                "level": result["level"],
                "text": text.replace("{{", "{").replace("}}", "}"),
                "path": path.decode("utf-8", "replace"),
                "fingerprints": result["partialFingerprints"],
            })
    return results


def read_github(raw, _):
    """Workflow commands, and before them a line for people. What begins with `::` is one, and `##[` is one wherever it stands."""
    commands = []
    first, *lines = raw.decode("utf-8").splitlines()
    if first.lstrip().startswith("::") or "##" in first:
        fail(f"no line for people: {first!r}")
    for line in lines:
        match = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        if not match or "##" in line:
            fail(f"no annotation: {line!r}")
        properties = dict(part.split("=", 1) for part in match.group(2).split(","))
        plain = lambda text: (
            text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        )
        commands.append({
            "kind": match.group(1),
            "message": plain(match.group(3)),
            **{name: plain(value) for name, value in properties.items()},
        })
    return commands


def read_nagios(raw, _):
    """One line, one bar, performance data after it."""
    text = raw.decode("utf-8")
    if text.count("\n") != 1 or len(text.splitlines()) != 1 or text.count("|") != 1:
        fail(f"not one line with one bar: {text!r}")
    said, data = text.rstrip("\n").split(" | ")
    values = {}
    for part in data.split(" "):
        match = re.fullmatch(r"([a-z]+)=(-?\d+);(\d*:?);(\d*:?);(0?);?", part + ";" * (4 - part.count(";")))
        if not match:
            fail(f"no performance data: {part!r}")
        values[match.group(1)] = int(match.group(2))
    return {"said": said, "data": values}


def read_ics(raw, _):
    """The calendar as python3-icalendar has it; its lines as RFC 5545 has them."""
    from icalendar import Calendar

    if not raw.endswith(b"\r\n") or re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        fail("a line does not end with CR and LF")
    for line in raw.split(b"\r\n"):
        line.decode("utf-8")
        if len(line) > 75:
            fail(f"{len(line)} octets: {line!r}")
    calendar = Calendar.from_ical(raw)
    # What icalendar 4 makes of `\\\\,` is a comma, so text is taken from the lines: those of events, not of alarms in them.
    unfolded = raw.decode("utf-8").replace("\r\n ", "")
    texts = re.sub(r"BEGIN:VALARM.*?END:VALARM", "", unfolded, flags=re.DOTALL).split("\r\n")

    def text_of(name):
        values = [line.removeprefix(name + ":") for line in texts if line.startswith(name + ":")]
        meant = {"\\n": "\n", "\\N": "\n"}
        for value in values:
            if re.search(r"(?<!\\)(?:\\\\)*[,;]", value):
                fail(f"not escaped: {value}")
            yield re.sub(r"\\(.)", lambda m: meant.get(m.group(), m.group(1)), value)

    summaries, descriptions = text_of("SUMMARY"), text_of("DESCRIPTION")
    if calendar.get("version") != "2.0" or not calendar.get("prodid"):
        fail("no version, or no product")
    events = []
    for event in calendar.walk("VEVENT"):
        if event.errors:
            fail(f"{event.errors}")
        alarms = []
        for alarm in event.walk("VALARM"):
            if alarm["action"] != "DISPLAY" or not alarm["description"]:
                fail("an alarm that shows nothing")
            alarms.append(int(alarm["trigger"].dt.total_seconds()))
        events.append({
            "uid": str(event["uid"]),
            "summary": next(summaries),
            "description": next(descriptions).split("\n"),
            "start": event["dtstart"].dt.isoformat(),
            "stamp": event["dtstamp"].dt.isoformat(),
            "alarms": alarms,
        })
    if list(summaries) + list(descriptions):
        fail("text outside of events")
    if len({event["uid"] for event in events}) != len(events):
        fail("a UID twice")
    return events


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.policy, self.title, self.inside = [], [], None, "", None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.inside = tag
        if tag == "script":
            self.scripts.append((attributes, ""))
        if attributes.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = attributes["content"]

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        if self.inside == "title":
            self.title += data


def read_html(raw, _):
    """The page's data, and that there is nothing in it that would load or run anything else."""
    page = Page()
    page.feed(raw.decode("utf-8"))
    page.close()
    kinds = [attributes.get("type") for attributes, _ in page.scripts]
    if kinds != ["application/json", None]:
        fail(f"scripts: {kinds}")
    if not page.policy or "default-src 'none'" not in page.policy or "unsafe" in page.policy:
        fail(f"policy: {page.policy}")
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            loads = name in ("src", "href", "data", "action", "srcset", "poster") and not value.startswith("#")
            if loads or name.startswith("on") or name == "style":
                fail(f"<{tag} {name}={value!r}>")
        if tag in ("img", "link", "iframe", "object", "embed", "base", "form", "a"):
            fail(f"<{tag}>")
    return {"title": page.title, "data": json.loads(page.scripts[0][1])}


FORMATS = {
    "csv": read_csv,
    "junit": read_junit,
    "prometheus": read_prometheus,
    "sarif": read_sarif,
    "github": read_github,
    "nagios": read_nagios,
    "ics": read_ics,
    "html": read_html,
}

with open(sys.argv[2], "rb") as report:
    found = FORMATS[sys.argv[1]](report.read(), *sys.argv[3:4] or [None])
print(json.dumps(found))
