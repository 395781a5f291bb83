"""deploy/agents: what can be checked without containers. usage: agents_test.py GF_OTLP SOURCE_DIR"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

try:
    import yaml
except ImportError:
    yaml = None

GF_OTLP, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
STACK = os.path.join(SOURCE, "deploy", "agents")
PASSWORDS = ("CLICKHOUSE_PASSWORD", "AGENTS_READER_PASSWORD", "AGENTS_INGEST_PASSWORD", "GRAFANA_ADMIN_PASSWORD")
needs_yaml = unittest.skipIf(yaml is None, "PyYAML is not installed")


def text_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def text(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def stack(*path):
    return text("deploy", "agents", *path)


def files(*ends):
    """Paths below deploy/agents with these ends."""
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(STACK) for name in names if name.endswith(ends))


def make(*arguments, check=True):
    done = subprocess.run(["make", "--silent", "-C", STACK, *arguments], capture_output=True, check=False, text=True)
    if check and done.returncode != 0:
        raise AssertionError(done.stderr)
    return done


def program(*arguments):
    return subprocess.run([GF_OTLP, *arguments], capture_output=True, check=False, text=True,
                          env={"PATH": os.environ["PATH"]})


def version(file, name):
    """The value of NAME=... in a script of scripts/servers."""
    return re.search(rf"^{name}=(\S+)", text("scripts", "servers", file), re.MULTILINE)[1]


def has_compose():
    return shutil.which("docker") is not None and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@needs_yaml
class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = yaml.safe_load(stack("docker-compose.yml"))
        cls.services = cls.compose["services"]

    def test_images_are_pinned_or_built_here(self):
        for name, service in self.services.items():
            if "build" not in service:
                self.assertRegex(service["image"], r":\d+\.\d+\.\d+(\.\d+)?$", name)
        self.assertRegex(text("examples", "agent", "Dockerfile"), r"(?m)^FROM python:3\.\d+-slim$")

    def test_images_are_of_the_releases_that_are_tested(self):
        tags = {name: service["image"].rpartition(":")[2] for name, service in self.services.items()}
        self.assertEqual(tags["kafka"], version("kafka.sh", "kafka_version"))
        self.assertEqual(tags["kafka-init"], tags["kafka"])
        self.assertEqual(tags["collector"], version("collector.sh", "release"))
        release = re.search(r"--server-version VERSION=(\S+)", program("schema", "print", "--help").stdout)[1]
        self.assertEqual(tags["clickhouse"].split(".")[:2], release.split("."))
        self.assertEqual(tags["clickhouse-init"], tags["clickhouse"])

    def test_ports(self):
        published = {}
        for service in self.services.values():
            for port in service.get("ports", []):
                address, host, container = port.rsplit(":", 2)
                self.assertIn(address, ("127.0.0.1", "${COLLECTOR_ADDRESS:-127.0.0.1}"))
                published[int(host)] = int(container)
        self.assertEqual(published, {port: port for port in (3000, 4317, 4318, 8123, 9000, 29092)})
        # What a client is told to connect to is what it can reach.
        kafka = self.services["kafka"]["environment"]
        self.assertEqual(kafka["KAFKA_ADVERTISED_LISTENERS"], "INSIDE://kafka:9092,OUTSIDE://localhost:29092")

    def test_services_wait_for_what_can_be_waited_for(self):
        for name in ("kafka", "clickhouse", "grafana"):
            self.assertIn("healthcheck", self.services[name])
        waits = 0
        for name, service in self.services.items():
            needed = service.get("depends_on", {})
            for other, how in needed.items() if isinstance(needed, dict) else ():
                waits += 1
                condition = how["condition"]
                if condition == "service_healthy":
                    self.assertIn("healthcheck", self.services[other], name)
                else:
                    self.assertEqual(condition, "service_completed_successfully", name)
                    self.assertNotIn("restart", self.services[other], "it must end")
        self.assertGreater(waits, 3)

    def test_volumes_and_files(self):
        used = set()
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                source = volume.partition(":")[0]
                if source.startswith("."):
                    self.assertTrue(volume.endswith(":ro"), volume)
                    self.assertTrue(os.path.exists(os.path.join(STACK, source)), f"{name}: {source}")
                else:
                    used.add(source)
            build = service.get("build")
            if build:
                folder = os.path.join(STACK, build if isinstance(build, str) else build["context"])
                dockerfile = "Dockerfile" if isinstance(build, str) else build["dockerfile"]
                self.assertTrue(os.path.exists(os.path.join(folder, dockerfile)), name)
        self.assertEqual(used, set(self.compose["volumes"]))

    def test_no_password_is_written_down(self):
        found = 0
        for service in self.services.values():
            for name, value in service.get("environment", {}).items():
                if "PASSWORD" in name:
                    self.assertRegex(value, r"^\$\{\w+:\?[^}]*\}$", name)
                    found += 1
        self.assertGreater(found, 4)
        required = set(re.findall(r"\$\{(\w+):\?", stack("docker-compose.yml")))
        self.assertEqual(required, set(PASSWORDS))
        known = re.findall(r"^(\w+)=", stack(".env.example"), re.MULTILINE)
        self.assertEqual([name for name in known if name in required], list(PASSWORDS))
        for name in re.findall(r"\$\{(\w+):-", stack("docker-compose.yml")):
            self.assertIn(name, known)
        # Users are made with a hash that no password has, and without hosts.
        users = re.findall(r"^CREATE USER .*", stack("clickhouse-init.sql"), re.MULTILINE)
        self.assertEqual(len(users), 2)
        for user in users:
            self.assertRegex(user, r"IDENTIFIED WITH sha256_hash BY '0{64}' HOST NONE;$")
        self.assertEqual(set(re.findall(r"^set_password (\w+)", stack("clickhouse", "init.sh"), re.MULTILINE)),
                         {user.split()[5] for user in users})
        datasource = yaml.safe_load(stack("grafana", "provisioning", "datasources", "clickhouse.yaml"))["datasources"][0]
        self.assertEqual(datasource["secureJsonData"]["password"], "$AGENTS_READER_PASSWORD")

    @unittest.skipUnless(has_compose(), "docker compose is not installed")
    def test_compose_file_is_taken(self):
        done = subprocess.run(["docker", "compose", "-f", os.path.join(STACK, "docker-compose.yml"), "--profile", "*", "config",
                               "--quiet"], capture_output=True, check=False,
                              env={**os.environ, **{name: "secret" for name in PASSWORDS}})
        self.assertEqual(done.returncode, 0, done.stderr.decode())


class Pieces(unittest.TestCase):
    def test_everything_is_well_formed(self):
        for path in files(".xml"):
            xml.etree.ElementTree.parse(path)
        for path in files(".json"):
            with open(path, encoding="utf-8") as file:
                json.load(file)
        for path in files(".sh"):
            subprocess.run(["bash", "-n", path], check=True)
            self.assertTrue(os.stat(path).st_mode & stat.S_IXUSR, path)
        if yaml is not None:
            for path in files(".yml", ".yaml"):
                with open(path, encoding="utf-8") as file:
                    list(yaml.safe_load_all(file))

    def test_topics_are_the_same_everywhere(self):
        made = set(re.search(r"for topic in (.*); do", stack("kafka", "topics.sh"))[1].split())
        self.assertEqual(made, {"otel-spans", "otel-logs", "otel-spans-rows", "otel-events"})
        self.assertIn("--partitions 6 ", stack("kafka", "topics.sh"))
        self.assertEqual(set(re.findall(r"kafka_topic_list = '([^']*)'", stack("clickhouse-init.sql"))), made)
        self.assertEqual(set(re.findall(r"topic: ([\w-]+)", stack("otel-collector.yaml"))), {"otel-spans", "otel-logs"})

    def test_messages_may_be_as_large_everywhere(self):
        sizes = [*re.findall(r"max_message_bytes: (\d+)", stack("otel-collector.yaml")),
                 *re.findall(r"max\.message\.bytes=(\d+)", stack("kafka", "topics.sh")),
                 *re.findall(r"--max-message-bytes (\d+)", stack("Makefile"))]
        self.assertEqual(sizes, ["10485760"] * 3)

    def test_compression_is_the_same_everywhere(self):
        """Else the broker would compress all of it again."""
        used = [*re.findall(r"compression: (\w+)", stack("otel-collector.yaml")),
                *re.findall(r"compression\.type=(\w+)", stack("kafka", "topics.sh")),
                *re.findall(r"--producer-compression (\w+)", stack("Makefile"))]
        self.assertEqual(used, ["zstd"] * 3)

    def test_tables_lie_where_the_server_has_volumes(self):
        policies = xml.etree.ElementTree.parse(os.path.join(STACK, "clickhouse", "storage.xml")).find(".//policies")
        policy, = policies
        sql = stack("clickhouse-init.sql")
        self.assertIn(f"storage_policy = '{policy.tag}'", sql)
        volumes = {volume.tag for volume in policy.find("volumes")}
        named = set(re.findall(r"TO VOLUME '(\w+)'", sql))
        self.assertTrue(named)
        self.assertLessEqual(named, volumes)
        self.assertIn("default", volumes)

    def test_grants_come_last(self):
        """init.sh runs them alone where there are rows."""
        start = re.search(r"sed -n '/(.*)/,\$p'", stack("clickhouse", "init.sh"))[1]
        sql = re.search(rf"(?ms){start}.*\Z", stack("clickhouse-init.sql"))[0]
        kinds = set(re.findall(r"^(CREATE \w+(?: PROFILE)?|[A-Z]+) ", sql, re.MULTILINE))
        self.assertEqual(kinds, {"CREATE SETTINGS PROFILE", "CREATE ROLE", "CREATE USER", "GRANT"})

    def init(self, rows):
        """What init.sh asks of the server when it has so many rows: (words of clickhouse-client, what it is given) of each call."""
        with tempfile.TemporaryDirectory(prefix="agents-") as folder:
            client = os.path.join(folder, "clickhouse-client")
            with open(client, "w", encoding="utf-8") as file:
                file.write("""#!/usr/bin/env bash
printf '%s ' "$@" >> "$CALLS"
case "$*" in *--quer*) ;; *) cat >> "$CALLS" ;; esac
printf '\\0' >> "$CALLS"
case "$*" in *total_rows*) echo "$ROWS" ;; esac
""")
            os.chmod(client, 0o755)
            script = os.path.join(folder, "init.sh")
            with open(script, "w", encoding="utf-8") as file:
                file.write(stack("clickhouse", "init.sh").replace("/clickhouse-init.sql", f"{STACK}/clickhouse-init.sql"))
            calls = os.path.join(folder, "calls")
            subprocess.run(["bash", script], check=True, capture_output=True,
                           env={"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": calls, "ROWS": rows,
                                **{name: "secret" for name in PASSWORDS}})
            return text_of(calls).split("\0")[:-1]

    def test_users_are_made_whatever_is_there(self):
        """The readers of Kafka begin before the first init ends; if it dies then, there are rows and no users."""
        first, again = self.init("0"), self.init("17")
        self.assertIn(f"--queries-file {STACK}/clickhouse-init.sql", first[1])
        self.assertNotIn("CREATE TABLE", again[1])
        for statement in ("CREATE USER IF NOT EXISTS agents_reader ", "GRANT SELECT ON telemetry.cost_minute TO agents_read;"):
            self.assertIn(statement, again[1])
        for calls in (first, again):
            self.assertEqual(len(calls), 4)
            for call, user in zip(calls[2:], ("agents_reader", "agents_ingest")):
                self.assertRegex(call, f"ALTER USER {user} IDENTIFIED WITH sha256_hash BY '[0-9a-f]{{64}}' HOST ANY")

    @needs_yaml
    def test_collector_pipelines(self):
        """What the Collector of the tests has of it runs in integration_agents_collector."""
        configuration = yaml.safe_load(stack("otel-collector.yaml"))
        pipelines = configuration["service"]["pipelines"]
        self.assertEqual(set(pipelines), {"traces", "logs", "metrics"})
        for kind in ("receivers", "processors", "exporters"):
            used = {name for pipeline in pipelines.values() for name in pipeline[kind]}
            self.assertEqual(used, set(configuration[kind]), kind)
        # What takes away the tenants that agents name knows all the names that a tenant is read from.
        commented = re.search(r"(?m)^  # transform/tenants:\n(?:  #.*\n)+", stack("otel-collector.yaml"))[0]
        (transform,) = yaml.safe_load(commented.replace("  # ", "")).values()
        names = re.findall(r'{"([^"]+)"}', re.search(r"kTenantId\[\] = {(.*)};", text("src", "otlp", "agent_vocabulary.cc"))[1])
        self.assertGreater(len(names), 1)
        statements = transform["trace_statements"] + transform["log_statements"]
        self.assertEqual([re.match(r"delete_matching_keys\((\w+)\.attributes, ", one)[1] for one in statements],
                         ["span", "spanevent", "log"])
        for statement in statements:
            for name in names:
                self.assertRegex(name, re.search(r'"(.*)"', statement)[1])
        kafka = configuration["exporters"]["kafka"]
        self.assertEqual({kafka[signal]["encoding"] for signal in ("traces", "logs")}, {"otlp_json"})
        compose = yaml.safe_load(stack("docker-compose.yml"))["services"]["collector"]
        self.assertEqual(set(re.findall(r"\$\{env:(\w+)\}", stack("otel-collector.yaml"))), set(compose["environment"]))

    @needs_yaml
    def test_grafana_finds_what_it_is_given(self):
        datasource = yaml.safe_load(stack("grafana", "provisioning", "datasources", "clickhouse.yaml"))["datasources"][0]
        self.assertIn(f"CREATE USER IF NOT EXISTS {datasource['jsonData']['username']}", stack("clickhouse-init.sql"))
        self.assertIn(f"CREATE DATABASE IF NOT EXISTS {datasource['jsonData']['defaultDatabase']}", stack("clickhouse-init.sql"))
        asked = set()
        for path in files(".json", ".yaml"):
            with open(path, encoding="utf-8") as file:
                asked.update(re.findall(r'"?datasourceUid"?: "?([\w-]+)', file.read()))
        self.assertLessEqual(asked - {"__expr__"}, {datasource["uid"]})
        grafana = yaml.safe_load(stack("docker-compose.yml"))["services"]["grafana"]
        home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue(os.path.exists(os.path.join(STACK, "grafana", "dashboards", os.path.basename(home))), home)

    @unittest.skipUnless(shutil.which("dpkg-query") and "bookworm" in text_of("/etc/os-release"), "only where gf-otlp is built as for its image")
    def test_image_has_the_libraries_of_the_program(self):
        linked = subprocess.run(["ldd", GF_OTLP], capture_output=True, check=True, text=True).stdout
        paths = dict(re.findall(r"^\s*(lib\S+) => \S*(/[^/\s]+/lib\S+)", linked, re.MULTILINE))
        dynamic = subprocess.run(["readelf", "-d", GF_OTLP], capture_output=True, check=True, text=True).stdout
        needed = {name for name in re.findall(r"\(NEEDED\).*\[(lib.*)\]", dynamic) if "san.so" not in name}
        found = subprocess.run(["dpkg-query", "-S", *(f"*{paths[name]}" for name in needed)], capture_output=True, check=False, text=True).stdout
        packages = set(re.findall(r"^([^:]+):", found, re.MULTILINE)) - {"libc6", "libgcc-s1", "libstdc++6"}
        self.assertGreater(len(packages), 5, found)
        installed = text("deploy", "quickstart", "Dockerfile").partition("--no-install-recommends")[2].partition("&&")[0].split()
        self.assertLessEqual(packages, set(installed))

    def test_several_people_may_look_at_once(self):
        """Grafana asks all of a dashboard at once, for everybody as one user."""
        asked = max(json.dumps(json.loads(stack("grafana", "dashboards", name))).count('"rawSql"')
                    for name in os.listdir(os.path.join(STACK, "grafana", "dashboards")))
        allowed = int(re.search(r"max_concurrent_queries_for_user = (\d+)", stack("clickhouse-init.sql"))[1])
        self.assertGreater(asked, 10)
        self.assertGreaterEqual(allowed, 8 * asked)

    def test_sample_agent_needs_what_the_tests_fetch(self):
        otel = version("otel_python.sh", "otel")
        requirements = text("examples", "agent", "requirements.txt").split()
        self.assertEqual(requirements, [f"opentelemetry-sdk=={otel}", f"opentelemetry-exporter-otlp-proto-http=={otel}"])


class Make(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="agents-")
        self.addCleanup(shutil.rmtree, self.folder)

    def test_init_sql_is_what_the_program_prints(self):
        path = os.path.join(self.folder, "init.sql")
        make("init-sql", f"GF_OTLP={GF_OTLP}", f"INIT_SQL={path}")
        with open(path, encoding="utf-8") as file:
            printed = file.read()
        self.assertTrue(printed == stack("clickhouse-init.sql"), "make -C deploy/agents init-sql writes another clickhouse-init.sql")

    def targets(self):
        return re.search(r"^\.PHONY: (.*)", stack("Makefile"), re.MULTILINE)[1].split()

    def test_targets_expand(self):
        for target in self.targets():
            with self.subTest(target):
                self.assertTrue(make("-n", target, f"CAPTURE={self.folder}").stdout.strip())

    def test_options_exist(self):
        """Of the commands that the targets run, with the options that the README gives them."""
        calls = [(target, "") for target in self.targets()]
        calls += re.findall(r"make -C deploy/agents ([a-z-]+)[^\n]*ARGS='?([^'\n#]*)", stack("README.md"))
        commands = []
        for target, more in calls:
            expanded = make("-n", target, f"CAPTURE={self.folder}", f"ARGS={more}").stdout.replace("\\\n", "")
            commands += re.findall(r"gf-otlp ((?:schema )?[a-z]+ --[^\n]*)", expanded)
        self.assertGreater(len(commands), 6)
        for command in commands:
            with self.subTest(command):
                words = command.partition(" --")[0].split()
                known = re.findall(r"^  (?:-\w,)?(--[a-z-]+)", program(*words, "--help").stdout, re.MULTILINE)
                self.assertLessEqual(set(re.findall(r"(?<= )--[a-z-]+", command)), set(known))

    def test_readme_has_targets_that_exist(self):
        readme = stack("README.md")
        named = set(re.findall(r"make -C deploy/agents ([a-z-]+)", readme)) | set(re.findall(r"`make ([a-z-]+)`", readme))
        self.assertGreater(len(named), 5)
        self.assertLessEqual(named, set(self.targets()))
        for path in re.findall(r"^\| `([^`]*\.[a-z]+)` \|", readme, re.MULTILINE):
            self.assertTrue(os.path.exists(os.path.join(STACK, path)), path)

    def backfill(self, capture):
        """The words of docker compose, one a line."""
        folder = shutil.copytree(STACK, os.path.join(tempfile.mkdtemp(dir=self.folder), "agents"))
        return subprocess.run(["make", "--silent", "-C", folder, "backfill", "COMPOSE=printf '%s\\n'", f"CAPTURE={capture}"],
                              capture_output=True, check=False, text=True)

    def test_backfill_keeps_its_checkpoint_beside_the_capture(self):
        capture = os.path.join(self.folder, "old captures")
        os.mkdir(capture)
        for written in (capture, capture + "/"):
            words = self.backfill(written).stdout.split("\n")
            self.assertEqual(words[words.index("--volume") + 1], f"{self.folder}:/history")
            self.assertEqual(words[words.index("--checkpoint") + 1:], ["/history/old captures.checkpoint.json", "/history/old captures", ""])

    def test_backfill_of_nothing_is_refused(self):
        for capture in ("", os.path.join(self.folder, "none")):
            done = self.backfill(capture)
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(done.stdout, "")
            self.assertIn("usage", done.stderr)

    def test_passwords_are_made_once(self):
        for name in ("Makefile", ".env.example"):
            shutil.copy(os.path.join(STACK, name), self.folder)
        path = os.path.join(self.folder, ".env")
        subprocess.run(["make", "--silent", "-C", self.folder, "config", "COMPOSE=true"], check=True)
        with open(path, encoding="utf-8") as file:
            made = file.read()
        found = dict(line.split("=") for line in made.split("\n") if "=" in line)
        passwords = [found[name] for name in PASSWORDS]
        self.assertEqual(len(set(passwords)), len(PASSWORDS))
        for password in passwords:
            self.assertRegex(password, r"^[0-9a-f]{32}$")
        self.assertEqual(os.stat(path).st_mode & 0o077, 0, "others may read it")
        os.utime(os.path.join(self.folder, ".env.example"))
        subprocess.run(["make", "--silent", "-C", self.folder, "config", "COMPOSE=true"], check=True)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), made, "a newer .env.example must not replace passwords that are in use")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
