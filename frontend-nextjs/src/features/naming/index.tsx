"use client";
/** What the meeting page needs of names. */
export { SpeakerName } from "./SpeakerName";
export { SpeakersPanel } from "./SpeakersPanel";
