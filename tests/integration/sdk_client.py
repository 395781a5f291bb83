"""A program that OpenTelemetry's SDK for Python instruments: sends spans, logs and metrics of every kind that the SDK makes, and
prints as JSON what convert is to make of them: table -> rows, each with the columns that the SDK was told.

usage: sdk_client.py http|grpc ENDPOINT [--compression none|gzip|deflate] [--ca FILE] [--header NAME=VALUE]
       sdk_client.py health HOST:PORT      prints what the health service of gRPC says of the server
PYTHONPATH is what scripts/servers/otel_python.sh prints. ENDPOINT is a URL for http, HOST:PORT for grpc.
"""

import argparse
import importlib
import json

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry import context, trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

SPANS = 1200  # more than two requests of the SDK's 512
START = 1700000000 * 10**9  # 2023-11-14 22:13:20
RESOURCE = {"service.name": "shop", "deployment.environment": "prüfung"}
ATTRIBUTES = {"text": "a \"b\"\n☃", "number": -7, "ratio": 0.5, "yes": True, "list": ["x", "y"]}
SHOWN = {"text": "a \"b\"\n☃", "number": "-7", "ratio": "0.5", "yes": "true", "list": '["x","y"]'}
FOREIGN = SpanContext(0x5B8EFFF798038103D269B633813FC60C, 0xEEE19B7EC3C1B174, True, TraceFlags(1))


def time(offset):
    """The text of START + offset nanoseconds, less than a minute later."""
    return f"2023-11-14 22:13:{20 + offset // 10**9:02}.{offset % 10**9:09}"


def send_spans(exporter, resource):
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=SPANS + 10))
    tracer = provider.get_tracer("tests.spans", "1.2.3")
    common = {"ServiceName": "shop", "ResourceAttributes": RESOURCE, "ScopeName": "tests.spans", "ScopeVersion": "1.2.3"}
    parent = tracer.start_span("parent", kind=SpanKind.SERVER, attributes=ATTRIBUTES, start_time=START,
                               links=[Link(FOREIGN, {"follows": True})])
    parent.add_event("retry", {"attempt": 2}, timestamp=START + 10)
    parent.set_status(Status(StatusCode.ERROR, "out of stock"))
    ids = parent.get_span_context()
    rows = [{**common, "TraceId": f"{ids.trace_id:032x}", "SpanId": f"{ids.span_id:016x}", "ParentSpanId": "", "SpanName": "parent",
             "SpanKind": "Server", "SpanAttributes": SHOWN, "Timestamp": time(0), "Duration": 5 * 10**9, "StatusCode": "Error",
             "StatusMessage": "out of stock", "Events.Timestamp": [time(10)], "Events.Name": ["retry"],
             "Events.Attributes": [{"attempt": "2"}], "Links.TraceId": ["5b8efff798038103d269b633813fc60c"],
             "Links.SpanId": ["eee19b7ec3c1b174"], "Links.Attributes": [{"follows": "true"}]}]
    for i in range(SPANS):
        child = tracer.start_span(f"child {i}", context=trace.set_span_in_context(parent), kind=SpanKind.CLIENT, start_time=START + i)
        child.set_attribute("i", i)
        rows.append({**common, "TraceId": f"{ids.trace_id:032x}", "SpanId": f"{child.get_span_context().span_id:016x}",
                     "ParentSpanId": f"{ids.span_id:016x}", "SpanName": f"child {i}", "SpanKind": "Client", "Timestamp": time(i),
                     "Duration": i, "SpanAttributes": {"i": str(i)}, "StatusCode": "Unset", "StatusMessage": "",
                     "Events.Name": [], "Links.SpanId": []})
        child.end(START + 2 * i)
    parent.end(START + 5 * 10**9)
    provider.shutdown()
    return {"otel_traces": rows}, parent


def send_logs(exporter, resource, parent):
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("tests.logs", "4.5")
    common = {"ServiceName": "shop", "ResourceAttributes": RESOURCE, "ScopeName": "tests.logs", "ScopeVersion": "4.5"}
    ids = parent.get_span_context()
    logger.emit(LogRecord(timestamp=START, context=trace.set_span_in_context(parent), severity_number=SeverityNumber.ERROR,
                          severity_text="ERROR", body="payment \u2028failed", attributes=ATTRIBUTES, event_name="payment"))
    logger.emit(LogRecord(timestamp=START + 1, context=context.Context(), severity_number=SeverityNumber.DEBUG,
                          body={"nested": {"n": 1}}))
    provider.shutdown()
    return {"otel_logs": [
        {**common, "Timestamp": time(0), "TraceId": f"{ids.trace_id:032x}", "SpanId": f"{ids.span_id:016x}", "TraceFlags": int(ids.trace_flags),
         "SeverityText": "ERROR", "SeverityNumber": 17, "Body": "payment \u2028failed", "LogAttributes": SHOWN, "EventName": "payment"},
        {**common, "Timestamp": time(1), "TraceId": "", "SpanId": "", "SeverityText": "", "SeverityNumber": 5,
         "Body": '{"nested":{"n":1}}', "LogAttributes": {}}]}


def send_metrics(exporter, resource, parent):
    views = [View(instrument_name="size", aggregation=ExplicitBucketHistogramAggregation([1, 10])),
             View(instrument_name="wait", aggregation=ExponentialBucketHistogramAggregation(max_size=9, max_scale=0))]
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, export_interval_millis=3600 * 1000)], resource, views=views)
    meter = provider.get_meter("tests.metrics", "6")
    common = {"ServiceName": "shop", "ResourceAttributes": RESOURCE, "ScopeName": "tests.metrics", "ScopeVersion": "6"}

    sold = meter.create_counter("sold", "1", "what was sold")
    sold.add(2, {"kind": "book"})
    sold.add(3, {"kind": "book"})
    sold.add(10, {"kind": "pen"})
    meter.create_up_down_counter("open").add(-4)
    meter.create_gauge("temperature", "Cel").set(21.5, {"room": 1})
    meter.create_observable_gauge("load", [lambda _: [Observation(0.75, {"cpu": "0"})]])
    meter.create_observable_counter("seen", [lambda _: [Observation(12)]])
    size, wait = meter.create_histogram("size"), meter.create_histogram("wait")
    for value in (0.5, 5, 7, 100):
        size.record(value, {"a": "b"}, context=trace.set_span_in_context(parent))  # one exemplar a bucket: 0.5, 7, 100
        wait.record(value, context=context.Context())
    provider.shutdown()

    total = {"AggregationTemporality": 2, "IsMonotonic": True}
    ids = parent.get_span_context()
    return {
        "otel_metrics_sum": [
            {**common, **total, "MetricName": "sold", "MetricUnit": "1", "MetricDescription": "what was sold",
             "Attributes": {"kind": "book"}, "Value": 5},
            {**common, **total, "MetricName": "sold", "Attributes": {"kind": "pen"}, "Value": 10},
            {**common, **total, "MetricName": "open", "Attributes": {}, "Value": -4, "IsMonotonic": False},
            {**common, **total, "MetricName": "seen", "Attributes": {}, "Value": 12}],
        "otel_metrics_gauge": [
            {**common, "MetricName": "temperature", "MetricUnit": "Cel", "Attributes": {"room": "1"}, "Value": 21.5},
            {**common, "MetricName": "load", "Attributes": {"cpu": "0"}, "Value": 0.75}],
        "otel_metrics_histogram": [
            {**common, "MetricName": "size", "Attributes": {"a": "b"}, "Count": 4, "Sum": 112.5, "Min": 0.5, "Max": 100,
             "ExplicitBounds": [1, 10], "BucketCounts": [1, 2, 1], "AggregationTemporality": 2, "Exemplars.Value": [0.5, 7, 100],
             "Exemplars.TraceId": [f"{ids.trace_id:032x}"] * 3, "Exemplars.SpanId": [f"{ids.span_id:016x}"] * 3}],
        # Scale 0: bucket i is (2^i, 2^(i+1)]: 0.5 is in that of -2, 5 and 7 in that of 2, 100 in that of 6.
        "otel_metrics_exponential_histogram": [
            {**common, "MetricName": "wait", "Attributes": {}, "Count": 4, "Sum": 112.5, "Scale": 0, "ZeroCount": 0, "PositiveOffset": -2,
             "PositiveBucketCounts": [1, 0, 0, 0, 2, 0, 0, 0, 1], "Min": 0.5, "Max": 100}],
    }


def exporters(options):
    """Of spans, logs and metrics."""
    names = {"trace_exporter": ("OTLPSpanExporter", "traces"), "_log_exporter": ("OTLPLogExporter", "logs"),
             "metric_exporter": ("OTLPMetricExporter", "metrics")}
    for module, (name, signal) in names.items():
        exporter = getattr(importlib.import_module(f"opentelemetry.exporter.otlp.proto.{options.protocol}.{module}"), name)
        headers = dict([options.header.split("=")] if options.header else [])
        if options.protocol == "http":
            compression = Compression(options.compression)
            yield exporter(f"{options.endpoint}/v1/{signal}", headers=headers, compression=compression, certificate_file=options.ca)
        else:
            compression = {"none": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip}[options.compression]
            yield exporter(options.endpoint, headers=headers, compression=compression, **credentials(options.ca))


def credentials(ca):
    if ca is None:
        return {"insecure": True}
    with open(ca, "rb") as file:
        return {"credentials": grpc.ssl_channel_credentials(file.read())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("protocol", choices=["http", "grpc", "health"])
    parser.add_argument("endpoint")
    parser.add_argument("--compression", default="none")
    parser.add_argument("--ca")
    parser.add_argument("--header")
    options = parser.parse_args()
    if options.protocol == "health":
        with grpc.insecure_channel(options.endpoint) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        print(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
        return
    resource = Resource(RESOURCE)
    spans, logs, metrics = exporters(options)
    rows, parent = send_spans(spans, resource)
    rows.update(send_logs(logs, resource, parent))
    rows.update(send_metrics(metrics, resource, parent))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
