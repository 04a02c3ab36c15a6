"use client";
/** What the meeting page needs of names. */

/** A speaker's name in the transcript: opens "Who is this?". */
export function SpeakerName({ name }: { meetingId: string; label: string | null; name: string | null }) {
  return <span>{name}</span>;
}

/** All speakers of the meeting, with talk time, how they came by their names, and what may be done about it. */
export function SpeakersPanel(_props: { meetingId: string }) {
  return null;
}
