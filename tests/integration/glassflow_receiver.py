"""A stand-in for GlassFlow's OTLP receiver: the same rules of paths, pipelines, types, sizes and overload, over HTTP and gRPC.

Needs the packages of scripts/servers/otel_python.sh: what does not decode as its protobuf or JSON decoders have it is refused. As in
Go, these are strict about UTF-8, and take ids of JSON for base64."""

import collections
import os

from scripted_receiver import Answer, Receiver

PIPELINE = "x-glassflow-pipeline-id"
MAX_BODY = 4 << 20
IN_FLIGHT = 50
PROTOBUF = "application/x-protobuf"


def refused(code, status, message):
    return Answer(status, code, message)


class GlassFlow(Receiver):
    """pipelines: id -> signal. work: seconds that a request takes. overload: the status over HTTP when there are too many
    (releases say 429 or 503)."""

    def __init__(self, pipelines, script=(), work=0, overload=429):
        self.pipelines, self.work, self.overload = pipelines, work, overload
        self.bodies = collections.defaultdict(list)  # of each pipeline: requests as protobuf, in the order they came
        super().__init__(script, grpc=True)

    def overloaded(self):
        """To be put into the script."""
        return Answer(self.overload, "RESOURCE_EXHAUSTED", "receiver overloaded", {"Retry-After": "1"})

    def judge(self, request):
        if request.signal is None:
            return refused("UNIMPLEMENTED", 404, "404 page not found")
        pipeline = request.headers.get(PIPELINE, "")
        if not pipeline:
            return refused("INVALID_ARGUMENT", 400, "missing x-glassflow-pipeline-id header")
        if len(request.body) > MAX_BODY:
            return refused("RESOURCE_EXHAUSTED", 413, "request body exceeds maximum allowed size")
        message, error = decode(request)
        if message is None:
            return refused("INTERNAL", 400, error)
        if self.pipelines.get(pipeline) != request.signal:
            return refused("INTERNAL", 500, f"processing {request.signal}: pipeline {pipeline} not found")
        if self.in_flight >= IN_FLIGHT:
            return self.overloaded()
        with self.lock:
            self.bodies[pipeline].append(message)
        return Answer(delay=self.work)

    def write(self, folder):
        """What it took, as captures that `convert --shape glassflow-flat` flattens: a file a pipeline that something came for."""
        os.mkdir(folder)
        for pipeline, bodies in self.bodies.items():
            with open(os.path.join(folder, f"{pipeline}.proto"), "wb") as file:
                for body in bodies:
                    file.write(len(body).to_bytes(4, "big") + body)
        return folder


def message_types():
    # pylint: disable=import-outside-toplevel
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    return {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest, "metrics": ExportMetricsServiceRequest}


def decode(request):
    """(the request as protobuf, None), or (None, what is wrong). Compressed bodies of HTTP are not unpacked."""
    from google.protobuf import json_format, message  # pylint: disable=import-outside-toplevel
    kind = message_types()[request.signal]
    try:
        if request.protocol == "grpc" or request.headers.get("content-type", "").startswith(PROTOBUF):
            kind.FromString(request.body)
            return request.body, None
        return json_format.Parse(request.body, kind()).SerializeToString(), None
    except (message.DecodeError, json_format.ParseError, UnicodeDecodeError) as error:
        return None, f"proto: {error}"
