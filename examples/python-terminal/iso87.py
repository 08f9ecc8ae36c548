"""A tiny codec for ISO 8583:1987 in ASCII: just what the terminal beside it speaks.

On the line: four ASCII digits of length, four digits of message type, one or
two bitmaps of sixteen hexadecimal characters, and the fields in their order.
It is written from the standard's field list and shares nothing with acqsim.
"""

# Field: (digits of the length prefix, length or greatest length).
FIELDS = {
    2: (2, 19), 3: (0, 6), 4: (0, 12), 5: (0, 12), 6: (0, 12), 7: (0, 10), 8: (0, 8),
    9: (0, 8), 10: (0, 8), 11: (0, 6), 12: (0, 6), 13: (0, 4), 14: (0, 4), 15: (0, 4),
    16: (0, 4), 17: (0, 4), 18: (0, 4), 19: (0, 3), 20: (0, 3), 21: (0, 3), 22: (0, 3),
    23: (0, 3), 24: (0, 3), 25: (0, 2), 26: (0, 2), 27: (0, 1), 28: (0, 9), 29: (0, 9),
    30: (0, 9), 31: (0, 9), 32: (2, 11), 33: (2, 11), 34: (2, 28), 35: (2, 37),
    36: (3, 104), 37: (0, 12), 38: (0, 6), 39: (0, 2), 40: (0, 3), 41: (0, 8),
    42: (0, 15), 43: (0, 40), 44: (2, 25), 45: (2, 76), 46: (3, 999), 47: (3, 999),
    48: (3, 999), 49: (0, 3), 50: (0, 3), 51: (0, 3), 52: (0, 16), 53: (0, 16),
    54: (3, 120), 55: (3, 999), 56: (3, 999), 57: (3, 999), 58: (3, 999), 59: (3, 999),
    60: (3, 999), 61: (3, 999), 62: (3, 999), 63: (3, 999), 64: (0, 16), 66: (0, 1),
    67: (0, 2), 68: (0, 3), 69: (0, 3), 70: (0, 3), 90: (0, 42), 128: (0, 16),
}


class Unreadable(Exception):
    """The bytes are no message."""


def pack(fields):
    """Turn {0: "0200", 3: "000000", …} into the bytes that go on the line."""
    numbers = sorted(n for n in fields if n > 1)
    bits = 0
    for n in numbers:
        bits |= 1 << (128 - n)
    if any(n > 64 for n in numbers):
        bits |= 1 << 127
        bitmap = "%032X" % bits
    else:
        bitmap = "%016X" % (bits >> 64)
    body = fields[0] + bitmap
    for n in numbers:
        prefix, length = FIELDS[n]
        value = fields[n]
        if prefix:
            if len(value) > length:
                raise ValueError("field %d is longer than %d" % (n, length))
            body += str(len(value)).zfill(prefix) + value
        else:
            if len(value) != length:
                raise ValueError("field %d is not of length %d" % (n, length))
            body += value
    return ("%04d" % len(body) + body).encode("latin-1")


def unpack(body):
    """Turn a message without its length header into {0: "0210", …}."""
    text = body.decode("latin-1")
    place = 0

    def take(count, what):
        nonlocal place
        if place + count > len(text):
            raise Unreadable("%s ends at %d of %d" % (what, len(text), place + count))
        place += count
        return text[place - count:place]

    fields = {0: take(4, "message type")}
    if not fields[0].isdigit():
        raise Unreadable("the message type is not four digits")
    try:
        first = take(16, "bitmap")
        bits = int(first, 16) << 64
        if bits >> 127:
            bits |= int(take(16, "second bitmap"), 16)
    except ValueError:
        raise Unreadable("the bitmap is not hexadecimal") from None
    for n in range(2, 129):
        if not bits >> (128 - n) & 1:
            continue
        if n not in FIELDS:
            raise Unreadable("field %d is not known here" % n)
        prefix, length = FIELDS[n]
        if prefix:
            count = take(prefix, "length of field %d" % n)
            if not count.isdigit() or int(count) > length:
                raise Unreadable("the length of field %d is no number up to %d" % (n, length))
            length = int(count)
        fields[n] = take(length, "field %d" % n)
    if place != len(text):
        raise Unreadable("%d bytes follow the last field" % (len(text) - place))
    return fields
