"use client";
/** What the meeting page needs of exports. */
export { ExportMenu } from "./ExportMenu";
export { useCopyQuote } from "./useCopyQuote";
