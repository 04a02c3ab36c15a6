"use client";
/** What the meeting page shows instead of a transcript, or above it: waiting, running, failed, cancelled. */
import type { Schemas } from "@/lib/api/client";

export function RunningMeeting(_props: { meeting: Schemas["MeetingOut"] }) {
  return null;
}

/** Run again, cancel, delete, details of the run: the meeting's menu. */
export function MeetingMenu(_props: { meeting: Schemas["MeetingOut"] }) {
  return null;
}
