#!/usr/bin/env bash
# A Kafka broker of one node for tests and benchmarks. For nothing else: its passwords are below.
#   kafka.sh install                                  fetch it (Maven; 46 jars, 44 MB) into .servers/kafka
#   kafka.sh start DATA [LISTENER=PORT...] [PROPERTY=VALUE...]   start it, return when it is ready
#   kafka.sh run DATA ...                             the same in the foreground, its log on standard output; ready when that
#                                                     says "Kafka Server started"
#   kafka.sh stop DATA | kill DATA                    SIGTERM | SIGKILL, and wait until it is gone
# DATA is a folder of its own, made when it is missing; start without listeners goes on with what is there: same ports, same data.
# Listeners (all on localhost), any of:
#   plaintext   no authentication: the super user
#   ssl         TLS, a client certificate is optional        mtls       TLS, a client certificate is required
#   sasl        SASL without TLS                             sasl_ssl   SASL over TLS
#   controller  the broker's own; the first port + 1 if not given
# SASL users: alice (super user, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), mallory (PLAIN; may do nothing until an ACL says so);
# the password is the name followed by -secret. TLS files, PEM, made at the first start: DATA/tls/{ca.crt,client.crt,client.key}
# and other-ca.crt, which signed nothing here. DATA/pid is the broker, DATA/log its log.
# $GF_OTLP_SERVERS says where the program is kept (default .servers in the repository). Exit code 4 when it cannot be had.
# $KAFKA_JVM_OPTS are the flags of Java that say how fast it starts and runs, instead of those of set_java.
set -euo pipefail
source "$(dirname "$0")/common.sh"

kafka_version=4.3.1
slf4j_version=1.7.36
home=$servers/kafka

usage() {
  sed -n '2,18s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

fetch() {
  need java mvn
  echo "$me: fetching Kafka $kafka_version" >&2
  cat >pom.xml <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>gf-otlp</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka_version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>$slf4j_version</version></dependency>
  </dependencies>
</project>
EOF
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$1/libs" >mvn.log 2>&1 ||
    { tail -n 20 mvn.log && fail "Maven could not fetch Kafka"; }
}

# certificate NAME CA SUBJECT EXTENSIONS: NAME.key and NAME.crt, signed by CA.
certificate() {
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -subj "$3" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 30 -extfile <(echo "$4") -out "$1.crt"
  rm "$1.csr"
}

authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$1" -days 30 -out "$1.crt"
}

make_certificates() {
  need openssl
  mkdir "$data/tls"
  (
    cd "$data/tls"
    authority ca
    authority other-ca
    certificate server ca /CN=localhost "subjectAltName=DNS:localhost,IP:127.0.0.1"
    certificate client ca /CN=client "extendedKeyUsage=clientAuth"
    cat server.key server.crt ca.crt >server.pem
  ) >"$data/tls.log" 2>&1 || fail "openssl could not make certificates: see $data/tls.log"
}

write_properties() {
  local listeners="" map="CONTROLLER:PLAINTEXT" names="" controller="" protocol name port argument
  local -a others=()
  for argument in "$@"; do
    name=${argument%%=*} port=${argument#*=}
    case $name in
      plaintext) protocol=PLAINTEXT ;;
      ssl | mtls) protocol=SSL ;;
      sasl) protocol=SASL_PLAINTEXT ;;
      sasl_ssl) protocol=SASL_SSL ;;
      controller) controller=$port && continue ;;
      *.*) others+=("$argument") && continue ;;
      *) usage ;;
    esac
    name=${name^^}
    [ -n "$listeners" ] || first_port=$port
    listeners+="$name://127.0.0.1:$port,"
    names+="$name://localhost:$port,"
    map+=",$name:$protocol"
  done
  [ -n "$listeners" ] || fail "$data holds no broker yet: which listeners shall it have?"
  controller=${controller:-$((first_port + 1))}

  cat >"$data/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=${listeners}CONTROLLER://127.0.0.1:$controller
advertised.listeners=${names%,}
listener.security.protocol.map=$map
inter.broker.listener.name=${names%%://*}
log.dirs=$data/logs
num.partitions=4
num.network.threads=2
num.io.threads=2
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice;User:CN=client
EOF
  for name in ssl mtls sasl_ssl; do
    cat <<EOF
listener.name.$name.ssl.keystore.type=PEM
listener.name.$name.ssl.keystore.location=$data/tls/server.pem
listener.name.$name.ssl.truststore.type=PEM
listener.name.$name.ssl.truststore.location=$data/tls/ca.crt
EOF
  done >>"$data/server.properties"
  cat >>"$data/server.properties" <<EOF
listener.name.ssl.ssl.client.auth=requested
listener.name.mtls.ssl.client.auth=required
EOF
  local plain=org.apache.kafka.common.security.plain.PlainLoginModule
  local scram=org.apache.kafka.common.security.scram.ScramLoginModule
  for name in sasl sasl_ssl; do
    cat <<EOF
listener.name.$name.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.$name.plain.sasl.jaas.config=$plain required user_alice="alice-secret" user_mallory="mallory-secret";
listener.name.$name.scram-sha-256.sasl.jaas.config=$scram required;
listener.name.$name.scram-sha-512.sasl.jaas.config=$scram required;
EOF
  done >>"$data/server.properties"
  [ ${#others[@]} -eq 0 ] || printf '%s\n' "${others[@]}" >>"$data/server.properties"
}

# Files of the JVM and of the libraries that it unpacks stay in DATA. The first compiler alone starts quickest, and is enough
# for tests; a broker that is measured needs both.
set_java() {
  local -a options
  read -r -a options <<<"${KAFKA_JVM_OPTS:--Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1}"
  java=(java "${options[@]}" -XX:-UsePerfData "-Djava.io.tmpdir=$data/tmp"
    -Dorg.slf4j.simpleLogger.showDateTime=true "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS" -cp "$home/libs/*")
}

prepare() {
  need java
  [ -d "$home/libs" ] || fail "no Kafka in $home: scripts/servers/kafka.sh install"
  mkdir -p "$data/tmp"
  set_java
  if [ $# -gt 0 ] || [ ! -e "$data/formatted" ]; then
    write_properties "$@"
    [ -e "$data/tls/server.pem" ] || make_certificates
  fi
  if [ ! -e "$data/formatted" ]; then
    local -a users=()
    for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
      users+=(--add-scram "$mechanism=[name=alice,password=alice-secret]")
    done
    "${java[@]}" kafka.tools.StorageTool format -t gf-otlp-gf-otlp-gf-otl -c "$data/server.properties" "${users[@]}" \
      >"$data/format.log" 2>&1 || fail "the broker's folder could not be made: see $data/format.log"
    touch "$data/formatted"
  fi
}

running() { [ -e "$data/pid" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null; }

end() {
  [ -e "$data/pid" ] || return 0
  local pid
  pid=$(cat "$data/pid")
  kill -"$1" "$pid" 2>/dev/null || true
  for _ in $(seq 300); do
    running || { rm -f "$data/pid" && return; }
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$data/pid"
}

wait_until_ready() {
  for _ in $(seq 600); do
    ! grep -q "Kafka Server started" "$data/log" 2>/dev/null || return 0
    running || fail "the broker ended: $(tail -n 5 "$data/log")"
    sleep 0.1
  done
  fail "the broker is not ready after a minute: see $data/log"
}

command=${1:-}
shift || true
case $command in
  install)
    install_once "$home" "kafka $kafka_version slf4j $slf4j_version" fetch
    echo "$home"
    exit
    ;;
  start | run | stop | kill) [ $# -gt 0 ] || usage ;;
  *) usage ;;
esac
mkdir -p "$1"
data=$(cd "$1" && pwd)
shift
case $command in
  start)
    ! running || fail "a broker runs in $data"
    prepare "$@"
    setsid "$0" run "$data" </dev/null >"$data/log" 2>&1 &
    echo $! >"$data/pid"
    wait_until_ready
    ;;
  run)
    prepare "$@"
    echo $$ >"$data/pid"
    exec "${java[@]}" kafka.Kafka "$data/server.properties"
    ;;
  stop) end TERM ;;
  kill) end KILL ;;
esac
