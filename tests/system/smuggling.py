"""Requests that contain a second one, which no server may execute. Two servers could read them differently.

Each row has the lines of a head and a body, as texts in Latin 1: ``{s}`` is the hidden request, ``{n}`` its
length, ``{all}`` the length of the whole body. A row may have its own request line, which has ``{path}``.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """A request: its head after the Host line, its body, and its first line."""

    lines: tuple[str, ...]
    body: str
    first: str = "POST {path} HTTP/1.1"


CHUNKED = "Transfer-Encoding: chunked"
PLAIN = "{s}"
AFTER_THE_END = "0\r\n\r\n{s}"
"""For a server that reads chunks, the body ends before the hidden request."""
IN_A_CHUNK = "{n:x}\r\n{s}\r\n0\r\n\r\n"
COVERED = "Content-Length: {all}"


def encodings(**lines: str) -> dict[str, Row]:
    """Return rows of lines that only some servers read as ``Transfer-Encoding: chunked``, with a length."""
    return {name.replace("_", " "): Row((COVERED, line), AFTER_THE_END) for name, line in lines.items()}


def lengths(**lines: str) -> dict[str, Row]:
    """Return rows of lines about a length. The body is only the hidden request."""
    return {name.replace("_", " "): Row(tuple(line.split("|")), PLAIN) for name, line in lines.items()}


def chunks(**bodies: str) -> dict[str, Row]:
    """Return rows of bodies in chunks."""
    return {name.replace("_", " "): Row((CHUNKED,), body) for name, body in bodies.items()}


MALFORMED = {
    "CL.TE": Row((COVERED, CHUNKED), AFTER_THE_END),
    "TE.CL": Row((CHUNKED, "Content-Length: 4"), IN_A_CHUNK),
    **encodings(
        unknown_coding="Transfer-Encoding: xchunked",
        space_before_the_colon="Transfer-Encoding : chunked",
        tab_before_the_value="Transfer-Encoding:\tchunked",
        vertical_tab_before_the_value="Transfer-Encoding:\x0bchunked",
        folded_line=" Transfer-Encoding: chunked",
        folded_value="Transfer-Encoding:\r\n chunked",
        bare_LF_before_the_name="X: x\nTransfer-Encoding: chunked",
        bare_CR_before_the_name="X: x\rTransfer-Encoding: chunked",
        two_lines_identity_last="Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        two_lines_chunked_last="Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        list_identity_first="Transfer-Encoding: identity, chunked",
        list_identity_last="Transfer-Encoding: chunked, identity",
        list_gzip_first="Transfer-Encoding: gzip, chunked",
        chunked_twice="Transfer-Encoding: chunked, chunked",
        quoted_coding='Transfer-Encoding: "chunked"',
        coding_with_a_parameter="Transfer-Encoding: chunked;q=1",
        coding_in_capitals="TRANSFER-ENCODING: CHUNKED",
        empty_coding="Transfer-Encoding:",
        NUL_in_the_name="Transfer-Encoding\0: chunked",
        NUL_after_the_value="Transfer-Encoding: chunked\0",
        no_ASCII_before_the_value="Transfer-Encoding: \xffchunked",
        space_in_the_name="Transfer Encoding: chunked",
    ),
    **lengths(
        two_lengths="Content-Length: 0|Content-Length: {n}",
        two_lengths_reversed="Content-Length: {n}|Content-Length: 0",
        list_of_lengths="Content-Length: 0, {n}",
        length_with_plus="Content-Length: +{n}",
        length_with_minus="Content-Length: -{n}",
        negative_nothing="Content-Length: -0",
        hexadecimal_length="Content-Length: 0x{n:x}",
        length_with_underscore="Content-Length: {n}_0",
        length_with_fraction="Content-Length: {n}.0",
        length_with_exponent="Content-Length: {n}e0",
        length_in_quotes='Content-Length: "{n}"',
        empty_length="Content-Length:",
        length_with_vertical_tab="Content-Length: \x0b{n}",
        length_with_NUL="Content-Length: {n}\0",
        folded_length="Content-Length:\r\n {n}",
        space_before_the_colon_of_a_length="Content-Length : {n}",
        length_past_64_bits="Content-Length: 18446744073709551616",
        length_in_superscript="Content-Length: {n}\xb2",
        bare_CR_before_a_length="Content-Length: {n}|X: x\rContent-Length: 0",
    ),
    **chunks(
        chunk_size_with_plus="+{n:x}\r\n{s}\r\n0\r\n\r\n",
        chunk_size_with_minus="-1\r\n{s}",
        chunk_size_with_0x="0x{n:x}\r\n{s}\r\n0\r\n\r\n",
        chunk_size_with_underscore="0_0\r\n\r\n{s}",
        chunk_size_of_nothing="\r\n{s}",
        chunk_size_past_64_bits="10000000000000000\r\n\r\n{s}",
        chunk_size_past_64_bits_by_far="1" + "0" * 40 + "\r\n\r\n{s}",
        chunk_size_with_NUL="0\0\r\n\r\n{s}",
        chunk_longer_than_it_says="5\r\nhelloXX0\r\n\r\n{s}",
        chunk_without_its_end="5\r\nhello0\r\n\r\n{s}",
        chunk_ended_by_CR="5\r\nhello\r0\r\n\r\n{s}",
        extension_with_bare_CR="0;x\r{s}",
    ),
    "HTTP/1.0 with chunks": Row((CHUNKED,), AFTER_THE_END, "POST {path} HTTP/1.0"),
    "HTTP/1.0 with both": Row((COVERED, CHUNKED), AFTER_THE_END, "POST {path} HTTP/1.0"),
    "no version": Row((COVERED,), PLAIN, "POST {path}"),
    "version in lower case": Row((COVERED,), PLAIN, "POST {path} http/1.1"),
    "version of two digits": Row((COVERED,), PLAIN, "POST {path} HTTP/1.1.1"),
    "version of HTTP/2": Row((COVERED,), PLAIN, "POST {path} HTTP/2.0"),
    "NUL in the target": Row((COVERED,), PLAIN, "POST {path}\0 HTTP/1.1"),
    "space in the target": Row((COVERED,), PLAIN, "POST {path} x HTTP/1.1"),
    "method in lower case": Row((COVERED,), PLAIN, "post {path} HTTP/1.1"),
    "CONNECT": Row((COVERED,), PLAIN, "CONNECT 127.0.0.1:80 HTTP/1.1"),
}
"""The server must refuse these and close the connection, since it cannot know where the next one begins."""

LEGAL = {
    **lengths(
        length_of_a_body_that_is_a_request="Content-Length: {n}",
        length_with_zeros_before_it="Content-Length: 000{n}",
        length_with_tabs_around_it="Content-Length: \t{n}\t",
        one_with_an_underscore="Content-Length: {n}|Content_Length: 0",
        encoding_with_an_underscore="Content-Length: {n}|Transfer_Encoding: chunked",
        encoding_of_the_content="Content-Length: {n}|Content-Encoding: chunked",
        encoding_that_is_accepted="Content-Length: {n}|TE: chunked, trailers",
        length_named_by_the_connection="Content-Length: {n}|Connection: keep-alive, Content-Length",
        upgrade_to_HTTP_2=(
            "Content-Length: {n}|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABk"
        ),
        upgrade_to_a_socket="Content-Length: {n}|Connection: Upgrade|Upgrade: websocket",
        expecting_to_be_asked="Content-Length: {n}|Expect: 100-continue",
        expecting_something_else="Content-Length: {n}|Expect: 200-ok",
        expecting_to_be_asked_for_too_much="Content-Length: 999999999|Expect: 100-continue",
        too_much="Content-Length: 999999999",
        one_byte_more_than_there_is="Content-Length: 1{n}",
        method_of_the_method="Content-Length: {n}|X-HTTP-Method-Override: DELETE|X-Method-Override: DELETE",
    ),
    **chunks(
        chunk_that_is_a_request=IN_A_CHUNK,
        chunk_with_an_extension='{n:X};a=b;c="d"\r\n{s}\r\n0\r\n\r\n',
        chunk_size_with_zeros_before_it="0000{n:x}\r\n{s}\r\n0\r\n\r\n",
        trailers="{n:x}\r\n{s}\r\n0\r\nX-Trailer: x\r\n\r\n",
        chunk_without_an_end="{n:x}0\r\n{s}",
        request_for_a_trailer="0\r\n{s}",
    ),
    "expecting chunks to be asked for": Row((CHUNKED, "Expect: 100-continue"), IN_A_CHUNK),
    "GET with a body": Row((COVERED,), PLAIN, "GET {path} HTTP/1.1"),
    "GET with chunks": Row((CHUNKED,), IN_A_CHUNK, "GET {path} HTTP/1.1"),
    "HEAD with a body": Row((COVERED,), PLAIN, "HEAD {path} HTTP/1.1"),
    "OPTIONS with a body": Row((COVERED,), PLAIN, "OPTIONS {path} HTTP/1.1"),
    "DELETE with a body": Row((COVERED,), PLAIN, "DELETE {path} HTTP/1.1"),
    "HTTP/1.0 with a body": Row((COVERED,), PLAIN, "POST {path} HTTP/1.0"),
    "whole address for a target": Row((COVERED,), PLAIN, "POST http://127.0.0.1{path} HTTP/1.1"),
    "address of another host": Row((COVERED,), PLAIN, "POST http://evil.example{path} HTTP/1.1"),
    "request in the target": Row(
        (COVERED,), PLAIN, "POST {path}%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0a{escaped} HTTP/1.1"
    ),
    "request in the target of a file": Row(
        (COVERED,), PLAIN, "GET /images/aa%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0a{escaped} HTTP/1.1"
    ),
}
"""A server may accept these: it is clear where they end."""

WAITS = {
    "expecting to be asked for too much",
    "too much",
    "one byte more than there is",
    "chunk without an end",
    "length past 64 bits",
    "chunk size past 64 bits",
    "chunk size past 64 bits by far",
}
"""A server that accepts one of these waits for more bytes until the client closes the connection."""

ROWS = {**MALFORMED, **LEGAL}
