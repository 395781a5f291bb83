"""The requests that `replay` and `receive` are measured with: frames of a thousand spans each, made of the corpus."""

import json
import pathlib
import typing

SPANS_PER_REQUEST = 1000
PREFIX = 4


class Source(typing.NamedTuple):
    path: pathlib.Path  # u32 big-endian length, request; repeated
    requests: int
    spans: int
    bytes: int


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data, at, end):
    """(number, begin with tag, begin of the content, end) of length-delimited fields; all others are passed over."""
    while at < end:
        begin = at
        tag, at = varint(data, at)
        if tag & 7 == 0:
            _, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            yield tag >> 3, begin, at, at + size
            at += size
        else:
            at += {1: 8, 5: 4}[tag & 7]


def spans_of(data, begin, end):
    """The number of spans of a ResourceSpans."""
    return sum(number == 2 for scope, _, inner, inner_end in fields(data, begin, end) if scope == 2
               for number, _, _, _ in fields(data, inner, inner_end))


def write_requests(source, target):
    """Joins the resources of a framed capture of spans to requests of a thousand spans or a few more."""
    request, spans, requests, all_spans, size = bytearray(), 0, 0, 0, 0
    with open(source, "rb") as frames, open(target, "wb") as output:
        while prefix := frames.read(PREFIX):
            frame = frames.read(int.from_bytes(prefix, "big"))
            for _, begin, inner, end in fields(frame, 0, len(frame)):
                request += frame[begin:end]
                spans += spans_of(frame, inner, end)
                if spans >= SPANS_PER_REQUEST:
                    size += output.write(len(request).to_bytes(PREFIX, "big") + request)
                    requests, all_spans = requests + 1, all_spans + spans
                    request, spans = bytearray(), 0
    return {"requests": requests, "spans": all_spans, "bytes": size}


def requests_file(bench):
    """Made once for each corpus, beside it."""
    corpus = bench.framed("spans")
    path, facts = corpus.with_suffix(".requests"), corpus.with_suffix(".requests.json")
    if not facts.exists():
        facts.write_text(json.dumps(write_requests(corpus, path)))
    return Source(path, **json.loads(facts.read_text()))
