"""Small files of every kind, made by the tests that read them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
from openpyxl import Workbook


def pdf(pages: Sequence[Sequence[str]], *, encrypt: str = "") -> bytes:
    """A PDF with one line of text per string, in a font that maps to Unicode as office programs write it."""
    letters = sorted({char for page in pages for line in page for char in line})
    glyphs = {char: number for number, char in enumerate(letters, 1)}
    unicode_map = "".join(f"<{number:04x}> <{char.encode('utf-16-be').hex()}>\n" for char, number in glyphs.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(glyphs)} beginbfchar\n{unicode_map}endbfchar endcmap end end"
    )
    objects: list[bytes] = []

    def add(body: str, stream: str | None = None) -> str:
        data = f"<<{body}>>"
        if stream is not None:
            data = f"<<{body} /Length {len(stream)}>>\nstream\n{stream}\nendstream"
        objects.append(data.encode("latin-1"))
        return f"{len(objects)} 0 R"

    to_unicode = add("", cmap)
    box = "/FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80"
    descriptor = add(f"/Type /FontDescriptor /FontName /X /Flags 4 {box}")
    system = "/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>>"
    child = add(f"/Type /Font /Subtype /CIDFontType2 /BaseFont /X {system} /FontDescriptor {descriptor} /DW 1000")
    encoding = f"/Encoding /Identity-H /DescendantFonts [{child}] /ToUnicode {to_unicode}"
    font = add(f"/Type /Font /Subtype /Type0 /BaseFont /X {encoding}")
    kids = []
    root = f"{len(objects) + 2 * len(pages) + 1} 0 R"
    for page in pages:
        shown = "".join(f"<{''.join(f'{glyphs[c]:04x}' for c in line)}> Tj 0 -20 Td\n" for line in page)
        content = add("", f"BT /F1 12 Tf 50 800 Td\n{shown}ET")
        resources = f"/Resources <</Font <</F1 {font}>>>>"
        kids.append(add(f"/Type /Page /Parent {root} /MediaBox [0 0 595 842] {resources} /Contents {content}"))
    tree = add(f"/Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)}")
    catalogue = add(f"/Type /Catalog /Pages {tree}")
    data = _pdf_file(objects, catalogue)
    return _encrypted(data, encrypt) if encrypt else data


def _pdf_file(objects: Sequence[bytes], root: str) -> bytes:
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += f"trailer <</Size {len(objects) + 1} /Root {root}>>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(out)


def _encrypted(data: bytes, password: str) -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*paragraphs: tuple[str, str] | str) -> bytes:
    """A Word file: plain paragraphs, or (style name, text)."""
    document = docx.Document()
    for paragraph in paragraphs:
        style, text = paragraph if isinstance(paragraph, tuple) else ("Normal", paragraph)
        document.add_paragraph(text, style=style)
    return saved(document)


def saved(document: object) -> bytes:
    """The bytes a document or workbook saves."""
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def excel(*rows: Sequence[object], title: str = "Sheet1") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def repacked(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    """An Office file with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changed:
                new.writestr(name, old.read(name))
        for name, body in changed.items():
            new.writestr(name, body)
    return out.getvalue()
