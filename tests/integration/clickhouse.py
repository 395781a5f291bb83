"""A ClickHouse engine, for a parent that may outlive its crash: clickhouse.py LIBCHDB DATA_FOLDER [CONFIG]

Reads queries from standard input (lengths as 32 bits, big endian, of the two texts behind them: the name of the output
format of queries that have no FORMAT, SQL), answers each on standard output (a byte, 1 when it failed; length; the result or
the error).
"""

import ctypes
import os
import struct
import sys


def open_engine(library, folder, *config):
    """A function from format and SQL to (failed, answer). The declarations are of chdb's C interface, as far as it is used."""
    chdb = ctypes.CDLL(library)
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in [
        ("chdb_connect", ctypes.POINTER(pointer), [ctypes.c_int, ctypes.POINTER(text)]),
        ("chdb_query_n", pointer, [pointer, text, ctypes.c_size_t, text, ctypes.c_size_t]),
        ("chdb_result_buffer", pointer, [pointer]),
        ("chdb_result_length", ctypes.c_size_t, [pointer]),
        ("chdb_result_error", text, [pointer]),
        ("chdb_destroy_query_result", None, [pointer]),
    ]:
        function = getattr(chdb, name)
        function.restype, function.argtypes = result, arguments

    arguments = [b"clickhouse", b"--path=" + os.fsencode(folder),
                 *(b"--config-file=" + os.fsencode(path) for path in config)]
    connection = chdb.chdb_connect(len(arguments), (text * len(arguments))(*arguments))
    if not connection:
        sys.exit("the engine does not start")

    def query(output_format, sql):
        result = chdb.chdb_query_n(connection[0], sql, len(sql), output_format, len(output_format))
        error = chdb.chdb_result_error(result)
        answer = error or ctypes.string_at(chdb.chdb_result_buffer(result), chdb.chdb_result_length(result))
        chdb.chdb_destroy_query_result(result)
        return error is not None, answer

    return query


def main(library, folder, *config):
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # the library may print
    query = open_engine(library, folder, *config)
    while head := sys.stdin.buffer.read(8):
        failed, answer = query(*(sys.stdin.buffer.read(size) for size in struct.unpack(">II", head)))
        answers.write(struct.pack(">BI", failed, len(answer)) + answer)
        answers.flush()
    os._exit(0)  # without the library's destructors: the folder is thrown away


main(*sys.argv[1:])
