"""A ClickHouse engine, for a parent that may outlive its crash: clickhouse.py LIBCHDB DATA_FOLDER

Reads queries from standard input (length as 32 bits, big endian; SQL), answers each on standard output (a byte, 1 when it
failed; length; the result or the error).
"""

import ctypes
import os
import struct
import sys


def open_engine(library, folder):
    """A function from SQL to (failed, answer). The declarations are of chdb's C interface, as far as it is used."""
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

    arguments = [b"clickhouse", b"--path=" + os.fsencode(folder)]
    connection = chdb.chdb_connect(len(arguments), (text * len(arguments))(*arguments))
    if not connection:
        sys.exit("the engine does not start")

    def query(sql):
        result = chdb.chdb_query_n(connection[0], sql, len(sql), b"JSONEachRow", len(b"JSONEachRow"))
        error = chdb.chdb_result_error(result)
        answer = error or ctypes.string_at(chdb.chdb_result_buffer(result), chdb.chdb_result_length(result))
        chdb.chdb_destroy_query_result(result)
        return error is not None, answer

    return query


def main(library, folder):
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # the library may print
    query = open_engine(library, folder)
    while head := sys.stdin.buffer.read(4):
        failed, answer = query(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
        answers.write(struct.pack(">BI", failed, len(answer)) + answer)
        answers.flush()
    os._exit(0)  # without the library's destructors: the folder is thrown away


main(*sys.argv[1:])
