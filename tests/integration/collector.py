"""An OpenTelemetry Collector (scripts/servers/collector.sh) in a process of its own, which ends with this one."""

import json
import os
import shutil
import subprocess
import tempfile
import time

import servers
from servers import PATIENCE, run

SIGNALS = ("traces", "logs", "metrics")


class Collector:
    """Takes OTLP at `http` and `grpc` (HOST:PORT) and gives all of it to each of the exporters.

    exporters, processors: name -> settings, as in its configuration file; exporters may be a function that makes them of the path of
    the Collector's folder, which is there until close(). protocols: what the receiver is to be told beside its addresses, such as
    {"http": {"include_metadata": True}}."""

    def __init__(self, program, exporters, processors=None, protocols=None):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="collector-")
        self.log = os.path.join(self.folder, "log")
        self.process = None
        self.configuration = {
            "receivers": {"otlp": {"protocols": {name: dict((protocols or {}).get(name, {})) for name in ("http", "grpc")}}},
            "processors": processors or {},
            "exporters": exporters(self.folder) if callable(exporters) else exporters,
        }
        pipeline = {"receivers": ["otlp"], "processors": list(self.configuration["processors"]),
                    "exporters": list(self.configuration["exporters"])}
        self.configuration["service"] = {"pipelines": {signal: pipeline for signal in SIGNALS},
                                         "telemetry": {"metrics": {"level": "none"}}}
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def start(self):
        """Also after stop() or kill(): at new ports, with the same files."""
        for _ in range(5):  # another process may have taken a port in between
            self.http, self.grpc = (f"127.0.0.1:{port}" for port in servers.free_ports(2))
            if self.start_once():
                return
        raise AssertionError("the Collector did not start: " + self.said()[-2000:])

    def start_once(self):
        protocols = self.configuration["receivers"]["otlp"]["protocols"]
        protocols["http"]["endpoint"], protocols["grpc"]["endpoint"] = self.http, self.grpc
        path = os.path.join(self.folder, "config.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.configuration, file)  # which is YAML too
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([self.program, "--config", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=servers.die_with_parent)
        end = time.monotonic() + PATIENCE
        while "Everything is ready" not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                return False
            time.sleep(0.05)
        return True

    def said(self):
        return run.read(self.log).decode(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it as SIGTERM does: what it holds is sent, files are closed. With a batch processor before a file exporter, wait
        first until all is in the file: the Collector may close that before the processor gave its last batch, and panics."""
        self.process.terminate()
        code = self.process.wait(timeout=PATIENCE)
        if code != 0:
            raise AssertionError(f"the Collector ended with {code}: " + self.said()[-2000:])

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)
