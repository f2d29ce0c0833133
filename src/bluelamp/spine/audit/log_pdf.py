"""The section 62 log on paper."""

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

_STYLES = getSampleStyleSheet()
_CELL = ParagraphStyle("cell", parent=_STYLES["BodyText"], fontSize=6.5, leading=8, splitLongWords=True)
_HEAD = ("Time (UTC)", "Person", "Agency", "Operation", "Action", "Of", "Why", "Outcome", "Entry")
_WIDTHS = [27 * mm, 24 * mm, 14 * mm, 20 * mm, 34 * mm, 50 * mm, 44 * mm, 20 * mm, 38 * mm]
_ROWS_A_TABLE = 400
"""Reportlab lays out a table as a whole: many short ones take time in proportion to the log, one long one far more."""


def _text(value: str) -> Paragraph:
    return Paragraph(escape(value), _CELL)


def _cells(line: dict[str, Any]) -> list[Paragraph]:
    why = ": ".join(word for word in (line["purpose"], line["reference"]) if word)
    outcome = line["outcome"] + (f", {line['count']}" if line["count"] is not None else "")
    subjects = ", ".join(line["subjects"][:20]) + (f" and {len(line['subjects']) - 20} more" if len(line["subjects"]) > 20 else "")
    words = (line["at"], line["person"], line["agency"], line["operation"], line["action"], subjects, why, outcome, line["entry"])
    return [_text(word) for word in words]


def to_pdf(lines: list[dict[str, Any]], about: dict[str, str]) -> bytes:
    """The document as bytes; `about` is told on its first page."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=landscape(A4), leftMargin=12 * mm, rightMargin=12 * mm, topMargin=14 * mm, bottomMargin=14 * mm,
        title="Log under section 62 of the Data Protection Act 2018", creator="Bluelamp",
    )  # fmt: skip
    story: list[Flowable] = [Paragraph("Log under section 62 of the Data Protection Act 2018", _STYLES["Title"])]
    story += [Paragraph(f"<b>{escape(name)}</b>: {escape(value)}", _STYLES["BodyText"]) for name, value in about.items()]
    story += [Spacer(1, 4 * mm)]
    style = TableStyle([
        ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *((name, (0, 0), (-1, -1), 1.5) for name in ("TOPPADDING", "BOTTOMPADDING", "LEFTPADDING", "RIGHTPADDING")),
    ])  # fmt: skip
    head = [_text(word) for word in _HEAD]
    for start in range(0, len(lines), _ROWS_A_TABLE):
        rows = [head, *(_cells(line) for line in lines[start : start + _ROWS_A_TABLE])]
        story.append(Table(rows, colWidths=_WIDTHS, repeatRows=1, style=style))
    if not lines:
        story.append(Paragraph("No entries in this period.", _STYLES["Heading2"]))
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _foot(canvas: Canvas, _document: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 7)
    canvas.drawString(12 * mm, 8 * mm, "OFFICIAL-SENSITIVE")
    canvas.drawRightString(285 * mm, 8 * mm, f"Page {canvas.getPageNumber()}")
