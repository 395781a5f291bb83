#!/usr/bin/env python3
"""gf-otlp-agents(7) says what src/otlp/agent_vocabulary says: every attribute, in the order in which they are looked at; and the
columns that the tables have.

usage: agents_manual_test.py GF_OTLP TESTDATA
"""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import run  # noqa: E402
from run import CommandTest  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# What the table of columns calls a field in C++: kTenantId.
MEMBERS = ("attribute", "when", "is", "member")


def text(*path):
    return run.read(os.path.join(ROOT, *path)).decode()


def vocabulary():
    source = text("src", "otlp", "agent_vocabulary.h") + text("src", "otlp", "agent_vocabulary.cc")
    return re.sub(r"//.*", "", source)


def word_list(source, name):
    """The strings of an array of texts."""
    return re.findall(r'"([^"]*)"', re.search(rf"string_view {name}(?:\[\]|>)? ?=?\s*\{{(.*?)\}};", source, re.DOTALL).group(1))


def candidates(source):
    """By column: (attribute, when, is, member, tokens without those of the cache)."""
    constants = dict(re.findall(r'string_view (k\w+) = "([^"]*)"', source))
    found = {}
    for name, body in re.findall(r"constexpr Candidate k(\w+)\[\] = \{(.*?)\};", source, re.DOTALL):
        column = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
        found[column] = []
        for entry in re.findall(r"\{([^{}]*)\}", body):
            members = dict.fromkeys(MEMBERS, "")
            for i, value in enumerate(value.strip() for value in entry.split(",")):
                member, _, value = value.rpartition(" = ")
                value = constants.get(value, value.strip('"'))
                members[member.removeprefix(".") or MEMBERS[i]] = value
            found[column].append((*(members[name] for name in MEMBERS), members.get("without_parts") == "true"))
    return found


def items(section):
    """Items of a section's list, and what stands below each."""
    return re.findall(r"^\.It Cm (.*)\n((?:(?!\.It |\.El).*\n)*)", section, re.MULTILINE)


def candidate(line):
    """A line of the page's list of attributes."""
    found = re.fullmatch(r"\.Li (\S+)(?: No where Li (\S+) No is Li (\S+))?(?: No member Li (\S+))?( No \(\+\))? [,.]", line)
    return (*(found.group(i) or "" for i in range(1, 5)), found.group(5) is not None)


class AgentsManual(CommandTest):
    def setUp(self):
        super().setUp()
        page = text("man", "gf-otlp-agents.7")
        self.sections = dict(section.split("\n", 1) for section in page.split("\n.Sh ")[1:])
        self.source = vocabulary()

    def words_below(self, section, line):
        """What stands in the lines of literals below a line of text."""
        block = re.search(rf"^{re.escape(line)}\n((?:\.Li .*\n)+)", self.sections[section], re.MULTILINE).group(1)
        words = block.replace(".Li ", "").split()
        return [word for word in words if word not in (",", ".")]

    def test_attributes(self):
        said = {}
        for column, below in items(self.sections["ATTRIBUTES"]):
            said[column] = [candidate(line) for line in below.splitlines() if line.startswith(".Li")]
        known = candidates(self.source)
        self.assertGreater(len(known), 10)
        self.assertGreater(len(known["cost_usd"]), 5)
        self.assertEqual(list(said), list(known))
        for column, attributes in known.items():
            self.assertEqual(said[column], attributes, column)

    def test_lists_of_names(self):
        for array, section, line in (
                ("kEventNameAttributes", "EVENTS", "it has an event name, or one of the attributes"),
                ("kEventPrefixes", "EVENTS", "or its body is a name that begins with one of"),
                ("kModelCalls", "WHAT COUNTS", "A span is a model call if its operation, in lower case, is one of"),
                ("kCallsWithoutCompletion", "COST", "Tokens of both the prompt and the completion have to be known; of operations"),
                ("kOtherOperations", "WHAT COUNTS", "It is none if the operation is one of"),
                ("kModelCallEvents", "WHAT COUNTS", "Of events, these are model calls:"),
                ("kContent", "CONTENT", ".Pq Li llm.input_messages.0.message.content :"),
                ("kContentMaps", "CONTENT", ".Pq Li llm.prompt_template.variables.city :"),
                ("kContentEvents", "CONTENT", "Events of these types lose their body, too:"),
                ("kContentOfEvents", "CONTENT", "Of their attributes these are left out:")):
            with self.subTest(array):
                self.assertEqual(self.words_below(section, line), word_list(self.source, array))
        ((begin, end),) = re.findall(r'kMessageEventsBegin = "([^"]*)", kMessageEventsEnd = "([^"]*)"', self.source)
        self.assertIn(f"\n.Li {begin} Ns Ar ROLE Ns {end} .\n", self.sections["CONTENT"])
        (prefix,) = re.findall(r'kSpansOfEvents = "([^"]*)"', self.source)
        self.assertIn(f"\nSpans whose name begins with\n.Li {prefix}\n", self.sections["WHAT COUNTS"])

    def test_columns(self):
        tables = json.loads(self.run_command("schema", "print", "--shape", "agents", "--format", "json")[0])["tables"]
        self.assertEqual([table["name"] for table in tables], ["spans_raw", "events_raw", "spans_minute", "cost_minute"])
        listed = [name for name, _ in items(self.sections["DESCRIPTION"].partition(".Ss Tables")[2])]
        self.assertEqual(listed, [table["name"] for table in tables])
        for table in tables:
            with self.subTest(table["name"]):
                section = self.sections[f"COLUMNS OF {table['name'].upper()}"]
                said = [column for names, _ in items(section) for column in names.split(" , ")]
                said += re.findall(r"^\.Cm (inserted_at|row_id)\b", section, re.MULTILINE)
                self.assertEqual(set(said), {column["name"] for column in table["columns"]})


if __name__ == "__main__":
    run.main()
