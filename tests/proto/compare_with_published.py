#!/usr/bin/env python3
"""Compares proto/ with the descriptors of the published Python package, in full.

compare_with_published.py PROTO_DIR PROTOC WORK_DIR

The package is fetched into a virtual environment in WORK_DIR, which is kept. Exit code 0: equal; 1: they differ, each
difference is printed; 77: the package could not be fetched, nothing was compared.
"""

import difflib
import importlib
import importlib.metadata
import os
import pathlib
import subprocess
import sys

REQUIREMENTS = ["opentelemetry-proto==1.45.2", "protobuf==5.29.3"]
SKIPPED = 77
INSIDE = "--inside-environment"


def skip(why):
    print(f"SKIPPED, proto/ was not compared with the published descriptors: {why}")
    return SKIPPED


def run_inside_environment(arguments):
    """Runs this script again, where the package can be imported."""
    environment = pathlib.Path(arguments[2]) / "published-proto"
    python = environment / "bin" / "python"
    ready = environment / "ready"
    try:
        if not ready.exists() or ready.read_text().split() != REQUIREMENTS:
            subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True, timeout=300)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                            *REQUIREMENTS], check=True, timeout=300)
            ready.write_text("\n".join(REQUIREMENTS))
    except (OSError, subprocess.SubprocessError) as error:
        return skip(error)
    return subprocess.run([python, __file__, INSIDE, *arguments], check=False).returncode


def published_files():
    """The package's file descriptors by name. Profiles are recognised, not supported: proto/ does not have them."""
    files = {}
    for folder in importlib.import_module("opentelemetry.proto").__path__:
        for path in pathlib.Path(folder).rglob("*_pb2.py"):
            name = ".".join(path.relative_to(folder).with_suffix("").parts)
            descriptor = importlib.import_module(f"opentelemetry.proto.{name}").DESCRIPTOR
            if "/profiles/" not in descriptor.name:
                files[descriptor.name] = descriptor
    return files


def our_files(proto_dir, protoc, work_dir):
    from google.protobuf import descriptor_pb2, descriptor_pool

    root = pathlib.Path(proto_dir)
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.proto"))
    output = pathlib.Path(work_dir) / "ours.descriptors"
    subprocess.run([protoc, "-I", root, "--include_imports", f"--descriptor_set_out={output}", *names], check=True)
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    return {name: pool.FindFileByName(name) for name in names}


TYPES = {1: "double", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
         11: "message", 12: "bytes", 13: "uint32", 14: "enum", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64"}
LABELS = {1: "singular", 2: "required", 3: "repeated"}


def describe_reserved(proto):
    for reserved in sorted((r.start, r.end) for r in proto.reserved_range):
        yield f"reserved {reserved[0]} up to {reserved[1]}"
    for name in sorted(proto.reserved_name):
        yield f"reserved {name}"


def to_proto(descriptor, message):
    descriptor.CopyToProto(message)
    return message


def describe_enum(enum):
    from google.protobuf import descriptor_pb2

    yield f"enum {enum.full_name}"
    for value in enum.values:
        yield f"{enum.full_name}.{value.name} = {value.number} {value.GetOptions()}"
    for line in describe_reserved(to_proto(enum, descriptor_pb2.EnumDescriptorProto())):
        yield f"{enum.full_name} {line}"


def describe_message(message):
    from google.protobuf import descriptor_pb2

    yield f"message {message.full_name} {message.GetOptions()}"
    proto = to_proto(message, descriptor_pb2.DescriptorProto())
    for line in describe_reserved(proto):
        yield f"{message.full_name} {line}"
    optional = {field.name for field in proto.field if field.proto3_optional}
    for field in sorted(message.fields, key=lambda f: f.number):
        of = field.message_type or field.enum_type
        oneof = field.containing_oneof
        yield (f"{message.full_name}.{field.name} = {field.number} {LABELS[field.label]} {TYPES[field.type]} "
               f"{of.full_name if of else '-'} json {field.json_name} oneof {oneof.name if oneof else '-'} "
               f"{'optional' if field.name in optional else ''} presence {field.has_presence} "
               f"default {field.default_value!r} {field.GetOptions()}")
    for nested in sorted(message.nested_types, key=lambda m: m.full_name):
        yield from describe_message(nested)
    for enum in sorted(message.enum_types, key=lambda e: e.full_name):
        yield from describe_enum(enum)


def describe_file(file):
    yield f"file {file.name} package {file.package}"
    for imported in sorted(dependency.name for dependency in file.dependencies):
        yield f"{file.name} imports {imported}"
    for _, message in sorted(file.message_types_by_name.items()):
        yield from describe_message(message)
    for _, enum in sorted(file.enum_types_by_name.items()):
        yield from describe_enum(enum)
    for _, service in sorted(file.services_by_name.items()):
        for method in service.methods:
            yield (f"rpc {method.full_name} ({method.input_type.full_name}, {method.client_streaming}) "
                   f"({method.output_type.full_name}, {method.server_streaming})")


def describe(files):
    return [line.rstrip() for name in sorted(files) for line in describe_file(files[name])]


def compare(proto_dir, protoc, work_dir):
    published = describe(published_files())
    ours = describe(our_files(proto_dir, protoc, work_dir))
    differences = list(difflib.unified_diff(published, ours, "published", "ours", n=0, lineterm=""))
    print("\n".join(differences) if differences else f"{len(ours)} descriptors are equal")
    version = (pathlib.Path(proto_dir) / "VERSION").read_text().strip()
    named = importlib.metadata.metadata("opentelemetry-proto").get_payload()
    if f"releases/tag/{version}\n" not in named:
        print(f"proto/VERSION is {version}, which is not the release that {REQUIREMENTS[0]} names")
        return 1
    if len(published) < 200:
        print("hardly anything was compared")
        return 1
    return 1 if differences else 0


if __name__ == "__main__":
    if sys.argv[1] == INSIDE:
        sys.exit(compare(*sys.argv[2:]))
    os.makedirs(sys.argv[3], exist_ok=True)
    sys.exit(run_inside_environment(sys.argv[1:]))
