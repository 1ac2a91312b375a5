"""A run as JUnit XML, for CI: a suite per intent, a case per answer; an answer that never came is an error."""

from __future__ import annotations

import re
from collections import defaultdict
from xml.etree import ElementTree

from eval.report import reasons
from eval.runfile import Line, Run
from eval.wording import say

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: Run) -> bytes:
    """The run as an XML document."""
    suites: dict[str, list[Line]] = defaultdict(list)
    for line in run.lines:
        suites[line["tags"][0] if line["tags"] else say("report.all")].append(line)
    top = ElementTree.Element("testsuites", _counts(run.lines))
    for name, lines in suites.items():
        suite = ElementTree.SubElement(top, "testsuite", {"name": _text(name), **_counts(lines)})
        for line in lines:
            _case(suite, name, line)
    ElementTree.indent(top)
    found: bytes = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return found


def _counts(lines: list[Line] | tuple[Line, ...]) -> dict[str, str]:
    broken = sum(bool(line.get("broken")) for line in lines)
    failed = sum(not line["right"] for line in lines if not line.get("broken"))
    seconds = sum(float(line.get("ms", 0.0)) for line in lines) / 1000
    return {"tests": str(len(lines)), "failures": str(failed), "errors": str(broken), "time": f"{seconds:.3f}"}


def _case(suite: ElementTree.Element, name: str, line: Line) -> None:
    about = str(line.get("key", line["id"])).rstrip("|").removesuffix("|0")
    seconds = f"{float(line.get('ms', 0.0)) / 1000:.3f}"
    case = ElementTree.SubElement(suite, "testcase", {"classname": _text(name), "name": _text(about), "time": seconds})
    if line.get("broken"):
        ElementTree.SubElement(case, "error", {"message": _text(line["broken"])})
    elif not line["right"]:
        failure = ElementTree.SubElement(case, "failure", {"message": _text(reasons(line))[:500]})
        failure.text = _text("\n".join([*line["turns"], f"{line['action']}：{line['text']}", *line["cites"]]))


def _text(text: str) -> str:
    """Without the characters XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
