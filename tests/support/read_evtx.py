"""Prints the records of an .evtx file as JSON lines, read by a library that is not Rust.

Usage: read_evtx.py (libevtx | python-evtx) FILE

A line is {"number": N, "fields": ["Event/System/Channel=System", ...]}, with the number of
the record header; attributes are written "path@Name=value". Elements and attributes without
a value are left out, as the libraries disagree about them.
"""

import base64
import json
import re
import sys
import xml.etree.ElementTree as ElementTree


def libevtx_records(path):
    import pyevtx

    log = pyevtx.open(path)
    if log.is_corrupted():
        raise SystemExit("libevtx calls the file corrupted")
    for index in range(log.number_of_records):
        record = log.get_record(index)
        yield record.identifier, record.xml_string


def python_evtx_records(path):
    import Evtx.Evtx

    with Evtx.Evtx.Evtx(path) as log:
        if not log.get_file_header().verify():
            raise SystemExit("python-evtx calls the file header damaged")
        for chunk in log.chunks():
            if not chunk.verify():
                raise SystemExit("python-evtx calls a chunk damaged")
            for record in chunk.records():
                yield record.record_num(), record.xml()


def split(name):
    """The namespace and the name of an ElementTree tag."""
    return re.match(r"(?:\{(.*)\})?(.*)$", name).groups()


def flatten(element, path, namespace, fields):
    inside, name = split(element.tag)
    path = f"{path}/{name}" if path else name
    # ElementTree takes xmlns away: it shows where an element has another one than its parent.
    if inside is not None and inside != namespace:
        fields.append(f"{path}@xmlns={inside}")
    for key, value in element.attrib.items():
        fields.append(f"{path}@{split(key)[1]}={value}")
    texts = [element.text or ""]
    if len(element):
        texts = [] if not texts[0].strip() else texts
    # How python-evtx shows an array of texts and the bytes of Binary.
    items = re.findall(r"<string>(.*?)</string>\n", texts[0], re.S) if texts else []
    if items:
        texts = items
    elif texts and READER == "python-evtx" and name == "Binary":
        texts = [base64.b64decode(texts[0]).hex().upper()]
    for text in texts:
        fields.append(f"{path}={text}")
        # An array repeats the element, and so its attributes.
        if text is not texts[-1]:
            for key, value in element.attrib.items():
                fields.append(f"{path}@{split(key)[1]}={value}")
    for child in element:
        flatten(child, path, inside, fields)
    return fields


def main():
    records = libevtx_records if READER == "libevtx" else python_evtx_records
    for number, xml in records(sys.argv[2]):
        fields = flatten(ElementTree.fromstring(xml.rstrip("\0")), "", None, [])
        fields = [field for field in fields if not field.endswith("=")]
        print(json.dumps({"number": number, "fields": fields}))


if __name__ == "__main__":
    READER = sys.argv[1]
    main()
