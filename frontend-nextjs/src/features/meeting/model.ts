/** What a transcript is to the page and to those who correct, name and export it. */
export { applyChange, useTranscript, type Transcript } from "@/lib/api/transcript";
export { DOUBTFUL_BELOW, type Change, type Segment, type Word } from "./segments";
