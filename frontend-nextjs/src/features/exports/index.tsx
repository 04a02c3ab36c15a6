"use client";
/** What the meeting page needs of exports from the beginning. What is loaded later is imported by its own file: standing
 * here, it would come along. */
export { useCopyQuote } from "./useCopyQuote";
