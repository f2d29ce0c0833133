"""The court-ready copy: a PDF that says who looked, when, why and for what, what was found, and what may be missing."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bluelamp.anpr.searching.exports.sheet import MARKING, Sheet

_STYLES = getSampleStyleSheet()
_TITLE, _HEADING, _BODY = _STYLES["Title"], _STYLES["Heading2"], _STYLES["BodyText"]
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=7, leading=8.5)
_HASH = ParagraphStyle("hash", parent=_CELL, fontName="Courier", fontSize=5.6, leading=6.6, splitLongWords=True)
_HEAD = ("No.", "Plate", "Read as", "Time (UTC)", "Camera", "Vehicle", "Direction", "Sure", "Likely", "SHA-256 of the pictures")
_WIDTHS = [9 * mm, 20 * mm, 20 * mm, 32 * mm, 52 * mm, 36 * mm, 18 * mm, 12 * mm, 12 * mm, 62 * mm]


def to_pdf(sheet: Sheet) -> bytes:
    """The document as bytes."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=12 * mm,
        rightMargin=12 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"Record of a search of number plate reads, {sheet.export}",
        author=f"{sheet.made_by}, {sheet.agency}",
        subject=MARKING,
        creator="Bluelamp",
    )

    class Numbered(_NumberedCanvas):
        footer = f"Export {sheet.export}, search {sheet.search}, made {sheet.made_at}"

    document.build(_story(sheet), canvasmaker=Numbered)
    return out.getvalue()


def _story(sheet: Sheet) -> list[Flowable]:
    about = [
        ("Made by", f"{sheet.made_by}, {sheet.agency}"),
        ("Made at", sheet.made_at),
        ("Purpose", sheet.purpose),
        ("Reference", sheet.reference or "none asked for"),
        *sheet.criteria,
        ("Found", f"{len(sheet.items)} reads"),
    ]
    story: list[Flowable] = [
        Paragraph("Record of a search of number plate reads", _TITLE),
        _pairs(about),
        Spacer(1, 4 * mm),
        Paragraph(
            "Each line is one read by a camera as the platform holds it, most likely first, then newest. <i>Read as</i> is what the"
            " camera sent. <i>Sure</i> is the camera's own confidence. <i>Likely</i> is how likely such a text is to be read for the"
            " plate asked for: it ranks reads, it does not prove identity. The digests allow the pictures to be proven unchanged.",
            _BODY,
        ),
    ]
    if sheet.items:
        story += [Paragraph("What was found", _HEADING), _reads(sheet)]
    else:
        story.append(Paragraph("Nothing was found.", _HEADING))
    story += [Paragraph("What may be missing", _HEADING), *_missing(sheet)]
    return story


def _text(value: object, style: ParagraphStyle = _CELL) -> Paragraph:
    return Paragraph(escape(str(value)), style)


def _pairs(pairs: list[tuple[str, str]]) -> Table:
    table = Table([[_text(label), _text(value)] for label, value in pairs], colWidths=[35 * mm, 215 * mm])
    table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _reads(sheet: Sheet) -> Table:
    rows: list[list[object]] = [[_text(head) for head in _HEAD]]
    for at, item in enumerate(sheet.items, 1):
        camera = item["camera"]
        vehicle = " ".join(part for part in (item["colour"], item["make"], item["model"]) if part)
        hashes = "  ".join(f"{image['kind']} {image['sha256']}" for image in item["images"])
        place = f"{camera['name'] or camera['id']} ({camera['agency']}) {camera['road']}"
        rows.append([
            _text(at), _text(item["vrm"]), _text(item["seen_as"]), _text(item["captured_at"]), _text(place), _text(vehicle),
            _text(item["direction"]), _text(f"{item['confidence']:.0%}"), _text(f"{item['likelihood']:.2f}"), _text(hashes, _HASH),
        ])  # fmt: skip
    table = Table(rows, colWidths=_WIDTHS, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _missing(sheet: Sheet) -> list[Flowable]:
    if not sheet.gaps:
        return [Paragraph("No camera of the searched place is known to have been down in the searched time.", _BODY)]
    more = " More cameras were down than are listed." if sheet.gaps_more else ""
    lines = [
        (f"{gap['name']} ({gap['agency']})", ", ".join(f"{p['from']} to {p['to'] or 'now'}" for p in gap["periods"])) for gap in sheet.gaps
    ]
    return [
        Paragraph(f"These cameras were down in the searched time: what passed them then is not in this record.{more}", _BODY),
        _pairs(lines),
    ]


class _NumberedCanvas(Canvas):
    """Pages that say how many there are, with the marking above and below, as the Government Security Classifications ask."""

    footer = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._states: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        self._states.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # the stubs leave it out

    def save(self) -> None:
        pages = len(self._states)
        for number, state in enumerate(self._states, 1):
            self.__dict__.update(state)
            self._mark(number, pages)
            super().showPage()
        super().save()

    def _mark(self, number: int, pages: int) -> None:
        width, height = self._pagesize  # type: ignore[attr-defined]
        self.setFont("Helvetica-Bold", 10)
        self.drawCentredString(width / 2, height - 11 * mm, MARKING)
        self.drawCentredString(width / 2, 9 * mm, MARKING)
        self.setFont("Helvetica", 7)
        self.drawString(12 * mm, 9 * mm, self.footer)
        self.drawRightString(width - 12 * mm, 9 * mm, f"Page {number} of {pages}")
