"use client";
/** What the meeting page needs of corrections. */
export { CorrectionsBar } from "./CorrectionsBar";
export { CorrectionsProvider } from "./CorrectionsProvider";
export { useCorrections, type Corrections } from "./context";
export { LostCorrections } from "./LostCorrections";
export { SegmentActions } from "./SegmentActions";
export { SegmentEditor } from "./SegmentEditor";
